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

    /// Settings of `train` from files and the environment become options before anything is parsed.
    static func main() async {
        do {
            try TorchRuntime.checkInterface()
            let process = ProcessInfo.processInfo
            let arguments = Array(process.arguments.dropFirst())
            await main(try TrainingLayers.expanded(arguments, environment: process.environment))
        } catch {
            exit(withError: error)
        }
    }
}
