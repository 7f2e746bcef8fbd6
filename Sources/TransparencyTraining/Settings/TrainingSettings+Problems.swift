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
        return problems
    }

    /// What differs in the recipe from other settings, a phrase each; not where files are.
    func differences(from other: TrainingSettings) -> [String] {
        SettingsTable.recipe.filter { !Self.places.contains($0.name) }.compactMap { setting in
            let (own, others) = (setting.text(self), setting.text(other))
            return own == others ? nil : "\(setting.name) was \(others ?? "not set") and is \(own ?? "not set")"
        }
    }
}
