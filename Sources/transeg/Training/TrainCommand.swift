import ArgumentParser
import Foundation
import Torch
import TransparencyData
import TransparencySegmentation
import TransparencyTraining

/// `transeg train`: the one-step fine-tuning.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tunes a model to find glass.",
        discussion: """
            Settings have the original's names and values. Options override environment variables (TRANSEG_LR=2e-6), which override files \
            (--config, see config init). The output folder gets checkpoint-<step> folders, whose transformer/ diffusers loads, log.jsonl, \
            and in the end model/, which segment and evaluate take. Ctrl-C, SIGTERM, SIGHUP and SIGUSR1 finish the current update, \
            save and leave. torchrun, srun and mpirun start several processes (torchrun --no-python --nproc-per-node 4 transeg train …).

              transeg train --base-model-path sd35/ --dataset-path Trans10K --output-dir run
              transeg train --base-model-path sd35/ --dataset-path Trans10K --output-dir run --resume-from-checkpoint latest
            """)

    @Flag(help: "Print each setting, its value and where it is from, and do nothing else.")
    var printConfig = false

    @Flag(
        help:
            "Print counts, schedule, memory, disk and least time of the run, and do nothing else; no weights are loaded."
    )
    var dryRun = false

    @Option(
        help: ArgumentHelp("Draw the learning rate of each update as SVG, and do nothing else.", valueName: "file.svg"),
        completion: .file(extensions: ["svg"]))
    var plotSchedule: String?

    @OptionGroup var planner: PlannerOptions

    @OptionGroup var options: SettingOptions<AllSettings>

    @Flag(help: "With --resume-from-checkpoint, go on although settings or training files have changed.")
    var allowChanges = false

    @Option(
        help: ArgumentHelp(
            "Write where the time goes (compute, collectives, files, optimizer) as JSON for a trace viewer such as Perfetto; of ranks after the first to file-<rank>.json.",
            valueName: "file.json"),
        completion: .file(extensions: ["json"]))
    var trace: String?

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if let option = planner.given, !dryRun {
            throw ValidationError("\(option) belongs to --dry-run; torchrun says how many processes train")
        }
    }

    func run() async throws {
        let launch = try LaunchEnvironment.detect()
        let isFirst = (launch?.rank ?? 0) == 0
        if printConfig || dryRun || plotSchedule != nil, !isFirst { return }
        if printConfig {
            let layers = try options.layers()
            if !quiet { for note in layers.notes { StandardStream.tell("Note: \(note)") } }
            return try print(layers.text())
        }
        let settings = try options.settings(quiet: quiet || !isFirst)
        if dryRun || plotSchedule != nil { return try plan(settings, launch) }
        try checkOutput("--trace", trace, suffixes: ["json"], inputs: settings.inputs)
        let shared = try settings.shared(by: launch)
        try await TraceFile.recording(to: trace) {
            try await train(shared, launch, isFirst: isFirst)
        }
    }

    private func plan(_ asked: TrainingSettings, _ launch: LaunchEnvironment?) throws {
        try checkOutput("--plot-schedule", plotSchedule, suffixes: ["svg"], inputs: asked.inputs)
        var settings = asked
        settings.compute.device = try planner.device(asked)
        let layout = planner.layout(launch)
        let plan = try TrainingPlan(settings, dataset: settings.openDataset(), layout: layout)
        for warning in plan.warnings { StandardStream.tell("Warning: \(warning)") }
        try plotSchedule.map { try plan.plotSchedule(to: $0) }
        guard dryRun else { return }
        let speed = try? BenchReport.machinePeak(
            dtype: settings.model.dataType.dtype, device: .usable(settings.compute.device))
        let found = try planner.budget(settings, layout, speed: speed).map { try TrainingPlanner(settings, budget: $0) }
        let texts = [plan.text(speed: speed), found?.text].compactMap(\.self)
        try print(planner.json ? plan.json(found) : texts.joined(separator: "\n\n"))
        try found?.requireFit()
    }

    private func train(_ settings: TrainingSettings, _ launch: LaunchEnvironment?, isFirst: Bool) async throws {
        let quiet = quiet || !isFirst
        let progress = await ProgressLogger(total: 0, quiet: quiet)
        let start = ContinuousClock.now
        let ranks = try await Ranks.joined(
            launch, device: settings.compute.device ?? .cpu, timeout: .seconds(settings.compute.processTimeout))
        // Longer than an update and a checkpoint take: what a run has learnt is worth waiting for. Before, a signal ends the process, which may be
        // waiting for one that was killed.
        let interrupt = Interrupt(patience: 300, alsoBy: [SIGUSR1], quiet: !isFirst)
        defer { interrupt.restore() }
        let run = try await FineTuningRun(
            settings, masks: isFirst ? .telling() : MaskReader(), allowsChanges: allowChanges, ranks: ranks,
            loggers: [progress], isInterrupted: { interrupt.isRequested })
        if !quiet { await run.trainer.base.tellNotes() }
        let first = await run.trainer.step
        await progress.begin(at: first, total: run.trainer.totalSteps)
        let outcome = try await run.loop.run()
        // torchrun ends all when one has ended with an error, and so does a signal.
        try await ComputeActor.run { try ranks.agree {} }
        let state = await run.trainer.state
        guard outcome == .finished else {
            await progress.log(
                message: "stopped after update \(state.step); continue with --resume-from-checkpoint latest")
            throw Interrupt.exitCode
        }
        guard !quiet else { return }
        let folder = settings.projectConfig.outputDir
        try print("\(state.step) updates done, model in \(folder)/model, curves in \(folder)/curves.svg")
        if state.step > first {
            let seconds = (ContinuousClock.now - start).seconds
            try print(String(format: "%.3f s an update", seconds / Double(state.step - first)))
        }
        if let best = state.best {
            try print(String(format: "best validation IoU %.4f after update %d", best.iou, best.step))
        }
    }
}
