import ArgumentParser
import Foundation
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
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            await leave(with: error)
        }
    }

    /// Ends the process on the thread that computes: what that is in the middle of would crash when libtorch is torn down under it.
    @ComputeActor
    private static func leave(with error: any Error) { exit(withError: error) }
}
