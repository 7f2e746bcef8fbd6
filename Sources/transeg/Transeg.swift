import ArgumentParser
import Files
import Foundation
import Safetensors
import Torch

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
            ExportCommand.self,
            DatasetCommand.self, SynthesizeCommand.self, ConfigCommand.self, BenchCommand.self, DoctorCommand.self,
        ])

    static func main() async {
        do {
            try TorchRuntime.checkInterface()
            TorchRuntime.configureProcessAllocator()
            MappedFile.endProcessWhenTruncated()
            var command = try parseAsRoot(CommandLine.arguments.dropFirst().map(Self.expandingTildes))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            await leave(with: error)
        }
    }

    /// Of an argument, or of the value in `--option=value`, where a shell leaves `~` as it is.
    private static func expandingTildes(_ argument: String) -> String {
        guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else { return expandingTilde(argument) }
        return argument[...sign] + expandingTilde(String(argument[argument.index(after: sign)...]))
    }

    /// Ends the process on the thread that computes: what that is in the middle of would crash when libtorch is torn down under it.
    @ComputeActor
    private static func leave(with error: any Error) { exit(withError: error) }
}
