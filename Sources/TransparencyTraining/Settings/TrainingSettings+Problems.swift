import StableDiffusion3
import TransparencySegmentation

extension TrainingSettings {
    /// A setting that makes no sense.
    package struct Problem: Sendable, Equatable {
        /// The setting's name.
        package let setting: String
        /// A phrase that names setting, value and what was expected.
        package let text: String
    }

    /// Everything that makes no sense; empty for sound settings.
    package func problems() -> [Problem] {
        var problems = SettingsTable.all.compactMap { setting in
            setting.problem(self).map { Problem(setting: setting.name, text: $0) }
        }
        if model.trainable == .lora, !model.loraTargets.contains(where: { $0 != "," && $0 != " " }) {
            problems.append(
                Problem(
                    setting: "lora_targets",
                    text: "lora_targets is \(model.loraTargets); names of layers with commas between were expected"))
        }
        if let total = training.maxTrainSteps, let warmup = learningRateScheduler.lrWarmupSteps, warmup >= total {
            problems.append(
                Problem(
                    setting: "lr_warmup_steps",
                    text:
                        "lr_warmup_steps is \(warmup); a number below max_train_steps, which is \(total), was expected")
            )
        }
        return problems + headProblems()
    }

    /// What of heads and losses cannot go together.
    private func headProblems() -> [Problem] {
        var problems: [Problem] = []
        func add(_ setting: String, _ text: String) { problems.append(Problem(setting: setting, text: text)) }
        if model.head == .readout {
            if model.localContinuity {
                add("local_continuity", "local_continuity is true; it is for head latent, and head is readout")
            }
            if training.losses?.weights[.latentMSE] != nil {
                add(
                    "losses",
                    "losses has latent_mse; a readout predicts no latent, so cross_entropy, dice or boundary was expected"
                )
            }
            if model.predictionType != .direct {
                add(
                    "prediction_type",
                    "prediction_type is \(model.predictionType.rawValue); a readout predicts no latent, so direct was expected"
                )
            }
        } else if model.trainable == .head, !model.localContinuity {
            add("trainable", "trainable is head; with head latent there is one only with local_continuity true")
        }
        return problems
    }

    /// What differs in the recipe from other settings, a phrase each; not where files are.
    func differences(from other: TrainingSettings) -> [String] {
        let apart = Self.places.union(Self.batchFactors)
        let differences = SettingsTable.recipe.filter { !apart.contains($0.name) }.compactMap { setting in
            let (own, others) = (setting.text(self), setting.text(other))
            return own == others ? nil : "\(setting.name) was \(others ?? "not set") and is \(own ?? "not set")"
        }
        let (own, others) = (training, other.training)
        guard own.effectiveBatchSize != others.effectiveBatchSize else { return differences }
        return differences + [
            "an update had \(others.effectiveBatchText) and has \(own.effectiveBatchText)"
        ]
    }

    /// Of the pictures of an update, which alone a run depends on.
    private static let batchFactors: Set = ["train_batch_size", "gradient_accumulation_steps"]
}

extension TrainingSettings.Training {
    /// The pictures of an update with their factors.
    package var effectiveBatchText: String {
        let processes = processCount == 1 ? "" : " × \(processCount) processes"
        let noun = effectiveBatchSize == 1 ? "picture" : "pictures"
        return "\(effectiveBatchSize) \(noun) (train_batch_size \(trainBatchSize) × gradient_accumulation_steps "
            + "\(gradientAccumulationSteps)\(processes))"
    }
}
