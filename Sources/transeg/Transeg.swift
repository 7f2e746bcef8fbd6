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
            SegmentCommand.self, WatchCommand.self, TrainCommand.self, LRFindCommand.self, TrainVAECommand.self,
            InitCommand.self, EvaluateCommand.self, CalibrateCommand.self, CompareCommand.self, VAECeilingCommand.self,
            ExportCommand.self, ImportCommand.self, CheckpointCommand.self, ConvertCommand.self, ModelsCommand.self,
            PullCommand.self, ServeCommand.self,
            DatasetCommand.self, SynthesizeCommand.self, ConfigCommand.self, BenchCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        StandardStream.occupyClosed()
        var used: any ParsableCommand.Type = Transeg.self
        do {
            try TorchRuntime.checkInterface()
            TorchRuntime.configureProcess()
            MappedFile.endProcessWhenTruncated()
            let arguments = try Arguments.given()
            try Arguments.check(arguments, naming: &used)
            var command = try parseAsRoot(arguments.map(Self.expandingTildes))
            try requireLaunch(for: command)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Ranks.leave(with: 0)
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
            if launch != nil { TorchrunErrorFile.write(error.message) }
        } else if !(error is ExitCode) {
            let text = fullMessage(for: error)
            tell(code == .validationFailure ? text : TerminalText.escaped(named(text, error)))
        }
        Ranks.leave(with: code.rawValue)
        Foundation.exit(code.rawValue)
    }

    /// Several processes of a command that does not know of each other would write the same files.
    private static func requireLaunch(for command: any ParsableCommand) throws {
        let isForSeveral =
            command is TrainCommand || command is EvaluateCommand || command is SegmentCommand
            || command is DoctorCommand
        guard let launch, !isForSeveral, command is any AsyncParsableCommand else { return }
        throw ValidationError(
            "\(type(of: command)._commandName) runs in one process, and \(launch.launcher.rawValue) started "
                + "\(launch.worldSize); start it without")
    }

    /// The launch that this is one of several processes of.
    private static var launch: LaunchEnvironment? {
        (try? LaunchEnvironment.detect()).flatMap { $0.worldSize > 1 ? $0 : nil }
    }

    /// The message with this process' rank, which torchrun is told of too.
    private static func named(_ text: String, _ error: any Error) -> String {
        guard let launch else { return text }
        let sentence = "rank \(launch.rank): " + (text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
        TorchrunErrorFile.write(sentence, isConsequence: TrainingError.isConsequence(error))
        return "Error: " + sentence
    }

    /// Several lines of our own.
    private static func tell(_ text: String) {
        try? StandardStream.error.write((TerminalText.escaped(text, keepsLines: true) + "\n").utf8)
    }
}
