import Foundation
import Testing

@testable import Wandb

/// The helper with a package that stands in for W&B's (Fixtures/python).
@Suite struct WandbRunTests {
    private static let python = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Fixtures/python").path
    private let key = "0123456789abcdef"

    /// Runs `body` with an environment and the path of what the package writes.
    private func withEnvironment(
        fault: String = "", _ variables: [String: String] = [:], _ body: ([String: String], String) throws -> Void
    ) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "PYTHONPATH": Self.python,
            "PYTHONDONTWRITEBYTECODE": "1", "FAKE_WANDB": path, "FAKE_WANDB_FAULT": fault, "WANDB_API_KEY": key,
        ]
        try body(environment.merging(variables) { $1 }, path)
    }

    private func notes(_ path: String) throws -> [[String: Any]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
    }

    private func beginning(id: String? = nil) -> WandbRun.Beginning {
        .init(
            id: id, name: "run", project: "glass", folder: "/somewhere",
            config: ["lr": .number(2e-6), "shuffle": .bool(true), "plan": .null, "data_type": .text("bf16")])
    }

    @Test func aRunIsToldWhole() throws {
        try withEnvironment { environment, path in
            let wandb = try WandbRun(environment: environment)
            let begun = try wandb.begin(beginning())
            #expect(begun.id == "fresh" && begun.mode == .online && begun.url == "https://wandb.test/fresh")
            #expect(begun.folder == "/somewhere/wandb/run-fresh")
            #expect(wandb.log([("train/loss", 0.1), ("train/grad_norm", .infinity)], step: 7))
            #expect(wandb.log(pictures: [("1", [1, 2, 3])], step: 7))
            #expect(wandb.finish(.finished, within: 60) == .finished)
            let notes = try notes(path)
            let options = try #require(notes[0]["init"] as? [String: String])
            #expect(options == ["project": "glass", "dir": "/somewhere", "name": "run"])
            let config = try #require(notes[1]["config"] as? [String: Any])
            #expect(config["lr"] as? Double == 2e-6 && config["shuffle"] as? Bool == true && config["plan"] is NSNull)
            #expect(
                notes[2]["log"] as? [String: String] == ["step": "7", "train/loss": "0.1", "train/grad_norm": "inf"])
            #expect((notes[3]["log"] as? [String: Any])?["val/pictures"] as? [String] == ["1 3"])
            #expect(notes[4]["finish"] as? Int == 0 && notes.count == 5)
            #expect(!wandb.log([("late", 1)], step: 8) && wandb.death != nil)
        }
    }

    @Test func aRunIsGoneOnWith() throws {
        try withEnvironment { environment, path in
            let wandb = try WandbRun(environment: environment)
            #expect(try wandb.begin(beginning(id: "past")).id == "past")
            #expect(wandb.finish(.interrupted, within: 60) == .finished)
            let notes = try notes(path)
            #expect(
                notes[0]["init"] as? [String: String] == [
                    "project": "glass", "dir": "/somewhere", "id": "past", "resume": "allow",
                ])
            #expect(notes[2]["preempting"] as? Bool == true && notes[3]["finish"] as? Int == 1)
        }
    }

    /// What the user says in the environment comes first.
    @Test func variablesAreHonored() throws {
        let variables = [
            "WANDB_PROJECT": "mine", "WANDB_NAME": "named", "WANDB_RUN_ID": "own", "WANDB_DIR": "/elsewhere",
            "WANDB_MODE": "offline",
        ]
        try withEnvironment(variables) { environment, path in
            let wandb = try WandbRun(environment: environment)
            #expect(try wandb.begin(beginning(id: "past")).mode == .offline)
            _ = wandb.finish(.failed, within: 60)
            let options = try notes(path)[0]["init"] as? [String: String]
            #expect(options == ["project": "mine", "dir": "/elsewhere"])
        }
        try withEnvironment(["WANDB_MODE": "disabled"]) { environment, _ in
            let begun = try WandbRun(environment: environment).begin(beginning())
            #expect(begun.mode == .disabled)
        }
    }

    @Test func withoutThePackageItSaysHowToGetIt() throws {
        // A package that cannot be imported stands before any that can.
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("transeg-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("raise ImportError(\"No module named 'wandb'\")".utf8)
            .write(to: folder.appendingPathComponent("wandb.py"))
        try withEnvironment(["PYTHONPATH": folder.path]) { environment, _ in
            let error = #expect(throws: WandbError.self) { _ = try WandbRun(environment: environment) }
            #expect(error == .notInstalled("No module named 'wandb'"))
            #expect(error?.description.contains("python3 -m pip install wandb") == true)
        }
        try withEnvironment(["PATH": "/nowhere"]) { environment, _ in
            #expect(throws: WandbError.noPython) { _ = try WandbRun(environment: environment) }
        }
    }

    @Test func aRefusalIsToldWithoutTheKey() throws {
        try withEnvironment(fault: "refuses") { environment, _ in
            let wandb = try WandbRun(environment: environment)
            #expect(throws: WandbError.refused("the key *** is wrong")) { _ = try wandb.begin(beginning()) }
        }
    }

    @Test func aHelperThatDiesIsNoticed() throws {
        try withEnvironment(fault: "dies") { environment, path in
            let wandb = try WandbRun(environment: environment)
            _ = try wandb.begin(beginning())
            for step in 1...5 { _ = wandb.log([("train/loss", 1)], step: step) }
            let start = ContinuousClock.now
            while wandb.death == nil, ContinuousClock.now - start < .seconds(60) { usleep(10_000) }
            #expect(wandb.death == "signal 9, the last words")
            #expect(wandb.finish(.finished, within: 60) == .died("signal 9, the last words"))
            #expect(try notes(path).count == 4)
        }
    }

    /// Neither what is told nor the end waits for a helper that does nothing.
    @Test func aHelperThatHangsIsLeft() throws {
        try withEnvironment(fault: "hangs") { environment, _ in
            let wandb = try WandbRun(environment: environment, limit: 1 << 20)
            _ = try wandb.begin(beginning())
            let start = ContinuousClock.now
            let taken = (1...300).count { wandb.log(pictures: [("1", .init(repeating: 7, count: 9000))], step: $0) }
            #expect(taken > 80 && taken < 200)
            #expect(wandb.finish(.finished, within: 0.5) == .late)
            #expect(ContinuousClock.now - start < .seconds(20))
        }
        try withEnvironment(fault: "never finishes") { environment, _ in
            let wandb = try WandbRun(environment: environment)
            _ = try wandb.begin(beginning())
            #expect(wandb.finish(.finished, within: 0.5) == .late)
        }
    }

    @Test func aValueThatIsRefusedIsToldOnce() throws {
        try withEnvironment(fault: "raises") { environment, _ in
            let wandb = try WandbRun(environment: environment)
            _ = try wandb.begin(beginning())
            for step in 1...3 { _ = wandb.log([("train/loss", 1)], step: step) }
            #expect(wandb.finish(.finished, within: 60) == .finished)
            #expect(wandb.warnings() == ["no such value"])
        }
    }

    /// The key is handed on as it came, in the environment alone.
    @Test func theKeyIsInNoCommandLine() throws {
        try withEnvironment { environment, path in
            let wandb = try WandbRun(environment: environment)
            _ = try wandb.begin(beginning())
            let children = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
            for child in children {
                let line = FileManager.default.contents(atPath: "/proc/\(child)/cmdline") ?? Data()
                #expect(!String(decoding: line, as: UTF8.self).contains(key))
            }
            _ = wandb.finish(.finished, within: 60)
            #expect(!String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self).contains(key))
        }
    }
}
