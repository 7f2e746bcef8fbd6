import Foundation
import TestSupport
import Testing

@Suite struct ModelsCommandTests {
    private func cache(in folder: String) throws -> [String: String] {
        let snapshot = "\(folder)/hub/models--some--model/snapshots/0123456789"
        try FileManager.default.createDirectory(
            atPath: (snapshot as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: tinyModel, toPath: snapshot)
        try FileManager.default.createDirectory(
            atPath: "\(folder)/hub/models--some--half/snapshots/ab/transformer", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(
            atPath: "\(folder)/hub/models--some--text/snapshots/ab", withIntermediateDirectories: true)
        return ["HF_HOME": folder]
    }

    @Test func whatIsHereIsListed() throws {
        try withTemporaryFolder { folder in
            let environment = try cache(in: folder)
            let list = try Program.run(["models"], in: folder, environment: environment)
            #expect(list.exitCode == 0, "\(list.errors)")
            let lines = list.output.split(separator: "\n").map(String.init)
            #expect(lines.count == 3 && lines[0].hasPrefix("(embedded)"))
            #expect(lines[1].hasPrefix("some/half") && lines[1].contains("cannot be used: "))
            #expect(lines[2].hasPrefix("some/model") && lines[2].contains("plain") && lines[2].hasSuffix("weights"))
            let json = try Program.run(["models", "--json"], in: folder, environment: environment)
            let entries = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
            #expect(entries.map { $0["name"] as? String } == ["(embedded)", "some/half", "some/model"])
            #expect(entries[2]["problem"] == nil && (entries[2]["bytes"] as? Int ?? 0) > 10_000)
            #expect(entries[2]["heads"] as? [String] == [])
            let snapshot = "\(folder)/hub/models--some--model/snapshots/0123456789"
            try FileManager.default.removeItem(atPath: snapshot)
            let fresh = try Program.run(
                ["init", snapshot, "--vae", "\(tinyModel)/vae", "--head", "readout", "--layers", "1"], in: folder,
                environment: environment)
            #expect(fresh.exitCode == 0, "\(fresh.errors)")
            let withHead = try Program.run(["models"], in: folder, environment: environment)
            #expect(withHead.output.contains(", readout of 1 class\n"), "\(withHead.output)")
            let used = try Program.run(
                ["segment", "--model", "some/model", "\(folder)/hub"], in: folder, environment: environment)
            #expect(used.errors.contains("has no pictures"))
        }
    }

    /// A program in hf's place notes its arguments.
    @Test func aModelIsFetchedByTheUsersOwnProgram() throws {
        try withTemporaryFolder { folder in
            var environment = try cache(in: folder)
            environment["PATH"] = "\(folder)/bin:/usr/bin:/bin"
            let none = try Program.run(["pull", "some/model", "--yes"], in: folder, environment: environment)
            #expect(none.exitCode == 64 && none.errors.contains("pip install huggingface_hub"))
            try FileManager.default.createDirectory(atPath: "\(folder)/bin", withIntermediateDirectories: true)
            try "#!/bin/sh\nprintf '%s ' \"$@\" > arguments\n".write(
                toFile: "\(folder)/bin/hf", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/bin/hf")
            let unasked = try Program.run(["pull", "some/model"], in: folder, environment: environment)
            #expect(unasked.exitCode == 1 && unasked.errors.contains("give --yes to go on"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/arguments"))
            let pulled = try Program.run(["pull", "some/model", "--yes"], in: folder, environment: environment)
            #expect(pulled.exitCode == 0, "\(pulled.errors)")
            #expect(
                try String(contentsOfFile: "\(folder)/arguments", encoding: .utf8)
                    .hasPrefix("download some/model --include transformer/* "))
            let wrong = try Program.run(["pull", "a b", "--yes"], in: folder, environment: environment)
            #expect(wrong.exitCode == 1 && wrong.errors.contains("is no Hugging Face id"))
        }
    }
}
