import ArgumentParser
import Files
import Foundation
import Reports
import Safetensors
import Torch
import TransparencyTraining

/// The program's entry: one subcommand a job.
@main
struct Transeg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transeg",
        abstract: "Finds glass and other transparent things in photographs.",
        version: Version.text,
        subcommands: [
            SegmentCommand.self, TrainCommand.self, LRFindCommand.self, TrainVAECommand.self, InitCommand.self,
            EvaluateCommand.self, CompareCommand.self, VAECeilingCommand.self,
            ExportCommand.self, ConvertCommand.self, ModelsCommand.self, PullCommand.self,
            DatasetCommand.self, SynthesizeCommand.self, ConfigCommand.self, BenchCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        StandardStream.occupyClosed()
        var used: any ParsableCommand.Type = Transeg.self
        do {
            try TorchRuntime.checkInterface()
            TorchRuntime.configureProcessAllocator()
            MappedFile.endProcessWhenTruncated()
            let arguments = try Arguments.given()
            try Arguments.check(arguments, naming: &used)
            var command = try parseAsRoot(arguments.map(Self.expandingTildes))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            await leave(with: error, of: used)
        }
    }

    /// Of an argument, or of the value in `--option=value`, where a shell leaves `~` as it is.
    private static func expandingTildes(_ argument: String) -> String {
        guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else { return expandingTilde(argument) }
        return argument[...sign] + expandingTilde(String(argument[argument.index(after: sign)...]))
    }

    /// Ends the process on the thread that computes: what that is in the middle of would crash when libtorch is torn down under it.
    @ComputeActor
    private static func leave(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        let code = exitCode(for: error)
        if code.isSuccess {
            // Help, the version, a completion script.
            do { try print(fullMessage(for: error)) } catch { leave(with: error, of: command) }
        } else if case TrainingError.settings(let problems) = error {
            leave(with: ValidationError(problems.joined(separator: "\n")), of: command)
        } else if let error = error as? ValidationError {
            tell("Error: \(error.message)\n\(Arguments.usage(of: command))")
        } else if !(error is ExitCode) {
            let text = fullMessage(for: error)
            tell(code == .validationFailure ? text : TerminalText.escaped(text))
        }
        Foundation.exit(code.rawValue)
    }

    /// Several lines of our own.
    private static func tell(_ text: String) {
        try? StandardStream.error.write((TerminalText.escaped(text, keepsLines: true) + "\n").utf8)
    }
}
