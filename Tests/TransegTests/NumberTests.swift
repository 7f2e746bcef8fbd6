import Foundation
import TestSupport
import Testing

/// Every option of every command takes every number, or refuses it in one sentence (Scripts/try-numbers does so with work to do, too).
@Suite struct NumberTests {
    private struct Help: Decodable {
        let command: Command

        struct Command: Decodable {
            let commandName: String
            let arguments: [Argument]?
            let subcommands: [Command]?

            struct Argument: Decodable {
                let kind: String
                let names: [Name]?
                let valueName: String?
                struct Name: Decodable { let name: String }
            }

            /// With their commands' paths: the options that name no file.
            func options(_ path: [String] = []) -> [(path: [String], option: String)] {
                let own = (arguments ?? []).compactMap { argument -> (path: [String], option: String)? in
                    let words = ["folder", "file", "pattern", "json", "svg", "path"]
                    guard argument.kind == "option", let name = argument.names?.first?.name,
                        !words.contains(where: { argument.valueName?.contains($0) == true })
                    else { return nil }
                    return (path, "--" + name)
                }
                return own + (subcommands ?? []).flatMap { $0.options(path + [$0.commandName]) }
            }
        }
    }

    /// What ends a command before it begins with any work, where a number alone would not.
    private static let endings: [String: [String]] = [
        "segment": ["nothing.jpg"], "watch": ["nothing"], "train": ["--print-config"],
        "train-vae": ["--dataset-path", "none", "--output-dir", "out"],
        "init": ["out", "--vae", "none"], "compare": ["none", "none"], "export": ["none", "out"],
        "dataset audit": ["none"], "dataset review": ["none"], "dataset preview": ["none"],
        "synthesize": ["/proc/none", "--train", "1"],
        "evaluate": ["--dataset", "none"], "calibrate": ["--dataset", "none", "--model", "/"],
        "vae-ceiling": ["--dataset", "none"], "bench segment": ["--model", "none"],
        "bench train": ["--model", "/none"], "serve": ["--model", "/none"],
        "lr-find": ["--base-model-path", "none", "--dataset-path", "none"],
    ]

    @Test func noNumberEndsTheProgram() throws {
        try withTemporaryFolder { folder in
            let dump = try Program.run(["--experimental-dump-help"], in: folder).outputBytes
            let options = try JSONDecoder().decode(Help.self, from: dump).command.options()
            #expect(options.count > 150)
            // The greatest number is where products overflow; Scripts/try-numbers has the others.
            let runs = options.filter { $0.path.first != "help" }.map { ($0.path, $0.option, "9223372036854775807") }
            DispatchQueue.concurrentPerform(iterations: runs.count) { index in
                let (path, option, value) = runs[index]
                let ending = Self.endings[path.joined(separator: " ")] ?? []
                let arguments = path + ending + ["\(option)=\(value)"]
                do {
                    let result = try Program.run(arguments, in: folder)
                    #expect([0, 1, 64].contains(result.exitCode), "\(arguments): \(result.errors)")
                    let sentences = result.errorLines.count { $0.hasPrefix("Error:") }
                    #expect(result.exitCode == 0 || sentences == 1, "\(arguments): \(result.errors)")
                } catch {
                    Issue.record("\(arguments): \(error)")
                }
            }
        }
    }
}
