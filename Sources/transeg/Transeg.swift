import ArgumentParser
import Foundation
import Torch

/// The program's entry: one subcommand a job.
@main
struct Transeg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transeg",
        abstract: "Finds glass and other transparent things in photographs.",
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
        } catch {
            exit(withError: error)
        }
        await main(nil)
    }
}
