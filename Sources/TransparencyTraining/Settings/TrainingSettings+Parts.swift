import Foundation
package import StableDiffusion3
package import TorchTraining
package import TransparencyData
package import TransparencySegmentation

/// What each part of the trainer is given.
extension TrainingSettings {
    /// The data set with its plan, or several as one, the plan with the first. Throws `DatasetError`, and ``TrainingError/settings(_:)`` of
    /// weights that are not as many.
    package func openDataset(masks: MaskReader = MaskReader()) throws -> Dataset {
        let paths = dataset.paths
        let weights = dataset.datasetWeights?.counts
        if let weights, weights.count != paths.count {
            throw TrainingError.settings([
                "dataset_weights has \(weights.count) \(weights.count == 1 ? "number" : "numbers"), and dataset_path \(paths.count) \(paths.count == 1 ? "data set" : "data sets"); one for each was expected"
            ])
        }
        let plan = try dataset.plan.map { try RepairPlan(contentsOf: $0) }
        let datasets = try paths.enumerated().map { index, path in
            try Dataset(path, plan: index == 0 ? plan : nil, masks: masks)
        }
        return datasets.count == 1 && weights == nil ? datasets[0] : Dataset(union: datasets, weights: weights)
    }

    /// The rate of each update.
    package func schedule(pictureCount: Int) -> LearningRateSchedule {
        let scheduler = learningRateScheduler
        let stepsPerEpoch = training.stepsPerEpoch(pictureCount: pictureCount)
        return LearningRateSchedule(
            peak: scheduler.scaleLr ? scheduler.lr * Double(training.effectiveBatchSize) : scheduler.lr,
            warmupSteps: scheduler.lrWarmupSteps
                ?? Int((scheduler.lrWarmupEpochs * Double(stepsPerEpoch)).rounded()),
            totalSteps: training.totalSteps(pictureCount: pictureCount), cycles: scheduler.lrCycles,
            floorRatio: scheduler.minLrRatio)
    }

    /// What takes less memory than these settings, a phrase after "continue with".
    var memoryRemedy: String {
        let latest = "--resume-from-checkpoint latest"
        var remedies: [String] = []
        if training.trainBatchSize > 1 {
            remedies.append(
                "\(latest), a smaller --train-batch-size and as many more --gradient-accumulation-steps"
            )
        }
        if !compute.gradientCheckpointing { remedies.append("\(latest) and --gradient-checkpointing true") }
        if remedies.isEmpty {
            remedies.append("\(latest), a smaller --resolution and --allow-changes")
            remedies.append("another run with --trainable lora")
        }
        return remedies.joined(separator: ", or with ")
    }

    /// Samples of training: which, in what order, how they are read.
    var samples: TrainingSamples {
        TrainingSamples(
            seed: training.seed, isShuffled: dataset.shuffle, isAugmented: dataset.augment, side: dataset.resolution,
            batchSize: training.trainBatchSize, target: model.target, needsLatents: needsMaskLatents,
            needsClasses: needsMaskPixels)
    }

    /// Pictures that are read at once.
    package var workerCount: Int {
        max(1, dataset.dataloaderNumWorkers ?? ProcessInfo.processInfo.activeProcessorCount)
    }

    /// Throws ``TrainingError/settings(_:)`` where a model does not take pictures of this size.
    package func checkResolution(for model: ModelFolder) throws {
        let (unit, largest) = try model.inputLimits()
        guard dataset.resolution % unit == 0, dataset.resolution <= largest else {
            throw TrainingError.settings([
                "resolution is \(dataset.resolution); a multiple of \(unit) up to \(largest) was expected by \(model.path)"
            ])
        }
    }
}

extension TrainingSettings.Model {
    /// ``trainable`` with what belongs to it.
    package var trainedForm: TrainedForm {
        switch trainable {
        case .all: .all
        case .folded: .folded
        case .head: .head
        case .lora:
            .lora(
                rank: loraRank,
                targets: loraTargets.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
        }
    }

    /// The head that is trained on a model. Throws what reading its configurations throws.
    package func headForm(of base: ModelFolder) throws -> HeadForm {
        try base.headForm(training: head, classes: target == .color ? 3 : 1, localContinuity: localContinuity)
    }

    /// How a model that these settings train is used.
    package var usage: SegmentationConfiguration {
        SegmentationConfiguration(target: target, predictionType: predictionType, timestep: timestep)
    }
}

extension TrainingSettings.Optimizer {
    var adamW: AdamW.Settings {
        AdamW.Settings(beta1: adamBeta1, beta2: adamBeta2, weightDecay: adamWeightDecay, eps: adamEpsilon)
    }
}
