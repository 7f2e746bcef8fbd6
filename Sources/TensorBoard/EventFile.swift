import Files
import Foundation

/// An event file of TensorBoard: records are appended, each whole or not at all, and nothing is written over.
package final class EventFile {
    package let path: String
    private let file: GrowingFile
    private let now: () -> Double

    /// Of the file that says how a run ended, which TensorBoard reads beside the others.
    private static let endingSuffix = ".ending"
    private static let prefix = "events.out.tfevents."

    /// Makes a file that TensorBoard reads after all others in the folder.
    ///
    /// - Parameters:
    ///   - firstStep: The first step that is to come; what other files have from it on is dropped by readers.
    ///   - now: Seconds since 1970.
    /// - Throws: `FileError`.
    package convenience init(
        in folder: String, firstStep: Int, now: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        try Self.removeEnding(in: folder)
        try self.init(
            in: folder, suffix: "", now: now, records: [Event(time: now(), step: firstStep, content: .sessionStart)])
    }

    private init(in folder: String, suffix: String, now: @escaping () -> Double, records: [Event]) throws {
        let name = Self.name(in: folder, time: Int(now()))
        path = "\(folder)/\(name)\(suffix)"
        let events = [Event(time: now(), content: .fileVersion)] + records
        try AtomicFile.write(events.flatMap(\.record), to: path)
        file = try GrowingFile(path)
        self.now = now
    }

    /// Appends values of a step. Throws `FileError`, for instance when the disk is full.
    package func append(_ values: [Summary], step: Int) throws {
        try file.append(Event(time: now(), step: step, content: .summary(values)).record)
    }

    /// Says how the run ended, in a file of its own, which is removed when the run goes on: of two endings readers take the first.
    ///
    /// - Throws: `FileError`.
    package static func writeEnding(
        _ status: HyperParameters.Status, step: Int, in folder: String,
        now: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        let value = HyperParameters.sessionEnd(status, time: now())
        _ = try EventFile(
            in: folder, suffix: endingSuffix, now: now,
            records: [Event(time: now(), step: step, content: .summary([value]))])
    }

    private static func removeEnding(in folder: String) throws {
        for name in names(in: folder) where name.hasSuffix(endingSuffix) {
            let path = "\(folder)/\(name)"
            guard unlink(path) == 0 || errno == ENOENT else { throw FileError(path: path, code: errno) }
        }
    }

    private static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix(prefix) }
    }

    /// Readers go by the order of names, which begin with a time: this one's is later than all, whatever the clock says.
    private static func name(in folder: String, time: Int) -> String {
        let times = names(in: folder).compactMap { Int($0.dropFirst(prefix.count).prefix { $0.isNumber }) }
        let own = max(time, (times.max() ?? 0) + 1)
        return prefix + String(format: "%010d", own) + ".\(host).\(getpid()).0"
    }

    /// Foundation's name of the host may wait for a name server.
    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.isEmpty ? "localhost" : text.replacing("/", with: "_")
    }
}
