import Foundation
import Synchronization

/// A run in Weights & Biases, kept by its own Python package in a process beside this one.
///
/// `WANDB_…` variables mean what they mean there. Nothing here waits for the network but ``init(environment:)``, ``begin(_:)`` and
/// ``finish(_:within:)``; what the package cannot take in time is dropped.
package final class WandbRun: Sendable {
    /// What a run is begun with.
    package struct Beginning: Sendable {
        /// Of the run to go on with; nil for a new one.
        package var id: String?
        package var name: String
        package var project: String
        /// Where the package keeps its files.
        package var folder: String
        /// As JSON values.
        package var config: [String: ConfigValue]

        package init(id: String?, name: String, project: String, folder: String, config: [String: ConfigValue]) {
            (self.id, self.name, self.project, self.folder, self.config) = (id, name, project, folder, config)
        }
    }

    package enum ConfigValue: Equatable, Sendable {
        case number(Double)
        case bool(Bool)
        case text(String)
        case null
    }

    /// What the package made of it.
    package struct Begun: Decodable, Equatable, Sendable {
        package let id: String
        package let mode: Mode
        /// Where it is shown; empty where it is not.
        package let url: String
        /// With the run's files.
        package let folder: String
    }

    package enum Mode: String, Decodable, Sendable {
        case online, offline, disabled
    }

    package enum Ending: Sendable {
        case finished, interrupted, failed
    }

    private struct Answer: Decodable {
        var version: String?
        var missing: String?
        var error: String?
        var run: Begun?
        var warning: String?
        var finished: Bool?
    }

    private let helper: HelperProcess
    private let secret: String?
    /// What came while the end was waited for.
    private let heard = Mutex<[String]>([])
    /// What may wait to be sent: the pictures of some validations.
    private static let limit = 64 << 20

    /// Starts the helper and looks whether the package is there. Throws ``WandbError``.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment, limit: Int = limit) throws {
        let script = PackageResources.wandb_helper_py
        // Read from the socket: a command line is for everybody to read.
        let start = """
            import os, sys
            script = b""
            while len(script) < int(sys.argv[1]):
                script += os.read(0, int(sys.argv[1]) - len(script)) or sys.exit(1)
            exec(compile(script, "transeg's helper for wandb", "exec"))
            """
        secret = environment["WANDB_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
        helper = try HelperProcess(
            ["python3", "-c", start, "\(script.count + 1)"], environment: environment, limit: limit)
        helper.send(Data(script))
        let answer = try next(within: 120)
        if let reason = answer.missing { throw WandbError.notInstalled(shown(reason)) }
    }

    /// Begins the run; waits for the network. Throws ``WandbError``.
    package func begin(_ beginning: Beginning) throws -> Begun {
        send([
            "id": beginning.id ?? NSNull(), "name": beginning.name, "project": beginning.project,
            "folder": beginning.folder, "config": beginning.config.mapValues(\.json),
        ])
        // The package itself gives up after 90 seconds, or as WANDB_INIT_TIMEOUT says.
        let answer = try next(within: 600)
        guard let run = answer.run else { throw WandbError.refused(shown(answer.error ?? "it gave no reason")) }
        return run
    }

    /// Gives values of a step. Whether they are on their way: not where too much waits already, or the helper has ended.
    package func log(_ values: [(name: String, value: Double)], step: Int) -> Bool {
        // JSON has no infinity; as text all numbers are what they are.
        send(["step": step, "values": Dictionary(values.map { ($0.name, "\($0.value)") }) { $1 }])
    }

    /// Gives pictures of a step, as PNG; else as ``log(_:step:)``.
    package func log(pictures: [(name: String, png: [UInt8])], step: Int) -> Bool {
        send([
            "step": step,
            "pictures": pictures.map { ["name": $0.name, "png": Data($0.png).base64EncodedString()] },
        ])
    }

    /// What the package had to say since the last call, a phrase each.
    package func warnings() -> [String] {
        while let line = helper.answer() { hear(line) }
        return heard.withLock { heard in
            defer { heard = [] }
            return heard
        }
    }

    /// Why the helper ended; nil while it is there.
    package var death: String? { helper.ending.map(reason) }

    /// How the helper took its leave.
    package enum Leave: Equatable, Sendable {
        case finished
        /// Its time was over; what is not sent is in the run's folder.
        case late
        case died(String)
    }

    /// Ends the run, and the helper with it.
    package func finish(_ ending: Ending, within seconds: Double) -> Leave {
        let start = ContinuousClock.now
        send(["finish": ending == .finished ? 0 : 1, "preempted": ending == .interrupted])
        func rest() -> Double { max(0, seconds - start.duration(to: .now) / .seconds(1)) }
        while let line = helper.answer(within: rest()) {
            guard hear(line)?.finished ?? false else { continue }
            helper.end(within: 10)
            return .finished
        }
        if let death { return .died(death) }
        helper.kill()
        return .late
    }

    @discardableResult
    private func hear(_ line: Data) -> Answer? {
        let answer = try? Self.decoded(line)
        if let text = answer?.warning.map(shown) { heard.withLock { $0.append(text) } }
        return answer
    }

    @discardableResult
    private func send(_ message: [String: Any]) -> Bool {
        guard let line = try? JSONSerialization.data(withJSONObject: message, options: .withoutEscapingSlashes) else {
            return false
        }
        return helper.send(line)
    }

    private static func decoded(_ line: Data) throws -> Answer { try JSONDecoder().decode(Answer.self, from: line) }

    /// The next answer to a question. Throws ``WandbError``.
    private func next(within seconds: Double) throws -> Answer {
        guard let line = helper.answer(within: seconds) else {
            guard let ending = helper.ending else {
                helper.kill()
                throw WandbError.died("it did not answer within \(Int(seconds)) s")
            }
            // What env says of a program that it does not find.
            if ending.status == 127, !ending.wasKilled { throw WandbError.noPython }
            throw WandbError.died(reason(ending))
        }
        return try Self.decoded(line)
    }

    private func reason(_ ending: HelperProcess.Ending) -> String {
        let end = ending.wasKilled ? "signal \(ending.status)" : "exit code \(ending.status)"
        return ending.lastWords.isEmpty ? end : "\(end), \(shown(ending.lastWords))"
    }

    /// Without the key, whoever wrote it there, and without a full stop.
    private func shown(_ text: String) -> String {
        let text = secret.map { text.replacing($0, with: "***") } ?? text
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }
}

extension WandbRun.ConfigValue {
    fileprivate var json: Any {
        switch self {
        case .number(let number): number
        case .bool(let bool): bool
        case .text(let text): text
        case .null: NSNull()
        }
    }
}
