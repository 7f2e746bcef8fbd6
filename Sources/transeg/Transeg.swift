import ArgumentParser

/// The program's entry: one subcommand a job.
@main
struct Transeg: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transeg",
        abstract: "Finds glass and other transparent things in photographs.",
        subcommands: [
            SegmentCommand.self, TrainCommand.self, EvaluateCommand.self, CompareCommand.self, VAECeilingCommand.self,
            ExportCommand.self,
            DatasetCommand.self, SynthesizeCommand.self, DoctorCommand.self,
        ])
}
