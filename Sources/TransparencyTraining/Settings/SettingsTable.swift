import Limits

/// The settings of `train`: the one list of what there is. File keys, environment variables, options, `config init`, `--print-config`,
/// checks, checkpoints and documentation follow it; the built-in values are those of ``TrainingSettings``.
package enum SettingsTable {
    package static let all: [Setting] = model + project + dataset + training + scheduler + optimizer + compute

    /// What checkpoints keep and a run that goes on must not change.
    package static let recipe = all.filter { $0.role == .recipe }

    /// What concerns single updates, as `lr-find` does them.
    package static let ofUpdates = all.filter { $0.role != .keeping }

    /// A setting by its name, or by what it was called in earlier versions.
    package static func named(_ name: String) -> Setting? { byName[name] ?? all.first { $0.formerName == name } }
    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static let model: [Setting] = [
        Setting(
            .model, "base_model_path", \.model.baseModelPath, value: "folder|id", isRequired: true,
            help: "the model to fine-tune: a folder in diffusers' layout, or a Hugging Face id in Hugging Face's cache"),
        Setting(
            .model, "data_type", \.model.dataType, value: "type",
            help: "what to compute in; the trained weights are float32 in every case"),
        Setting(
            .model, "trainable", \.model.trainable, value: "what",
            help:
                "what is trained: all weights, those of the folded transformer, low-rank adapters, or the head alone; the head in every case"
        ),
        Setting(
            .model, "lora_rank", \.model.loraRank, value: "count",
            help: "the rank of the adapters, with trainable lora; a higher one can learn more and takes more memory",
            check: .within(NumberBounds.width)),
        Setting(
            .model, "lora_targets", \.model.loraTargets, value: "names",
            help: "with trainable lora, the layers that get adapters: names or their ends, with commas between"),
        Setting(
            .model, "head", \.model.head, value: "what",
            help:
                "what makes the mask: a latent that the VAE decodes, or a linear layer from each token to its own pixels, which is quicker and needs no decoder"
        ),
        Setting(
            .model, "local_continuity", \.model.localContinuity, value: "bool",
            help:
                "with head latent, whether two 3 x 3 convolutions after the transformer even out the borders of its patches"
        ),
        Setting(
            .model, "target", \.model.target, value: "what",
            help:
                "what the model predicts: one mask of all that is transparent, or things and stuff in Trans10K's colors"
        ),
        Setting(
            .model, "prediction_type", \.model.predictionType, formerName: "output_form", value: "type",
            help: "what the output means: the mask's latent, its negative, or the picture's latent minus it"),
        Setting(
            .model, "timestep", \.model.timestep, value: "number",
            help: "the timestep of the one pass, from 0 for a clean picture to 1000 for noise",
            check: .init("a number from 0 to 1000") { (0...1000).contains($0) }),
        Setting(
            .model, "vae_posterior", \.model.vaePosterior, value: "what",
            help: "what is taken of the VAE's distribution: a random draw, or its mode"),
    ]

    private static let project: [Setting] = [
        Setting(
            .projectConfig, "output_dir", \.projectConfig.outputDir, .keeping, value: "folder", isRequired: true,
            help: "the run's folder, new; one that holds a run needs resume_from_checkpoint"),
        Setting(
            .projectConfig, "keep_checkpoints", \.projectConfig.keepCheckpoints, .keeping, value: "count",
            help: "how many of the newest checkpoints to keep, besides the best one",
            check: .within(1...NumberBounds.count.upperBound)),
        Setting(
            .projectConfig, "tracker", \.projectConfig.tracker, .keeping, value: "names",
            help:
                "who is told how the run goes, several with commas between: event files of TensorBoard or CSV files in output_dir, or Weights & Biases by its Python package"
        ),
    ]

    private static let dataset: [Setting] = [
        Setting(
            .dataset, "dataset_path", \.dataset.datasetPath, value: "folder", isRequired: true,
            separator: TrainingSettings.DatasetChoice.separator,
            help:
                "the data set's folder, laid out as Trans10K or GDD is; of several data sets an option for each, or all with ' + ' between"
        ),
        Setting(
            .dataset, "dataset_weights", \.dataset.datasetWeights, absence: "once each", value: "counts",
            help:
                "of several data sets, how often each picture of each comes in an epoch: whole numbers from 1 to 1000 with commas between, such as 1,4"
        ),
        Setting(
            .dataset, "plan", \.dataset.plan, absence: "the data set as it is", value: "plan.json",
            help: "a repair plan to apply to the data set, of several to the first"),
        Setting(
            .dataset, "resolution", \.dataset.resolution, value: "pixels",
            help:
                "the side in pixels of the square that pictures are resized to, a multiple of the model's unit (16 for Stable Diffusion 3.5)",
            check: .within(NumberBounds.side)),
        Setting(
            .dataset, "shuffle", \.dataset.shuffle, value: "bool",
            help: "whether each epoch has a random order of its own, instead of that of names"),
        Setting(
            .dataset, "augment", \.dataset.augment, value: "bool",
            help: "whether pictures are flipped, recolored, blurred and made noisy at random; dataset preview shows it"),
        Setting(
            .dataset, "val_difficulty", \.dataset.valDifficulty, .keeping, value: "which",
            help: "which validation pictures are scored"),
        Setting(
            .dataset, "dataloader_num_workers", \.dataset.dataloaderNumWorkers, .means, absence: "one a processor",
            value: "count", help: "how many pictures each process reads at once; 0 is taken as 1",
            check: .within(NumberBounds.workers)),
        Setting(
            .dataset, "latent_cache", \.dataset.latentCache, .means, absence: "nothing is kept", value: "folder",
            help:
                "keep the VAE's latents in this folder and use them again: those of masks, and with augment false those of pictures too"
        ),
    ]

    private static let training: [Setting] = [
        Setting(
            .training, "resume_from_checkpoint", \.training.resumeFromCheckpoint, .keeping, absence: "a new run",
            value: "name|path|latest",
            help: "go on from a checkpoint: its name in output_dir, its path, or latest for the newest whole one"
        ),
        Setting(
            .training, "epochs", \.training.epochs, value: "count",
            help: "how often each picture is seen, unless max_train_steps is given", check: .within(NumberBounds.epochs)
        ),
        Setting(
            .training, "max_train_steps", \.training.maxTrainSteps, absence: "as many as epochs asks for",
            value: "updates", help: "updates in all, instead of epochs", check: .within(NumberBounds.updates)),
        Setting(
            .training, "train_batch_size", \.training.trainBatchSize, value: "count",
            help: "pictures of a pass, on each process; fewer take less memory",
            check: .within(NumberBounds.trainBatch)),
        Setting(
            .training, "gradient_accumulation_steps", \.training.gradientAccumulationSteps, value: "count",
            help: "passes of an update, on each process; an update has train_batch_size times as many pictures of each",
            check: .within(NumberBounds.passes)),
        Setting(
            .training, "seed", \.training.seed, value: "number",
            help: "another seed gives another order, augmentation and draws"),
        Setting(
            .training, "losses", \.training.losses, absence: "latent_mse, or with head readout cross_entropy",
            value: "names",
            help:
                "what the loss is made of, several with commas between: latent_mse, cross_entropy, dice, boundary, each with its weight, such as cross_entropy=1,boundary=0.2; through the VAE's decoder those of pixels come in during the second epoch"
        ),
        Setting(
            .training, "ema_decay", \.training.emaDecay, absence: "no average", value: "share",
            help:
                "average the weights over the updates, keeping this share at each, such as 0.999; the average becomes the model",
            check: .init("a number from 0 to below 1") { (0..<1).contains($0) }),
        Setting(
            .training, "save_checkpoint_steps", \.training.saveCheckpointSteps, .keeping,
            absence: "as save_checkpoint_epochs says", value: "updates", help: "updates between checkpoints",
            check: .within(NumberBounds.updates)),
        Setting(
            .training, "save_checkpoint_epochs", \.training.saveCheckpointEpochs, .keeping, value: "count",
            help: "epochs between checkpoints, unless save_checkpoint_steps is given",
            check: .within(NumberBounds.epochs)),
        Setting(
            .training, "val_steps", \.training.valSteps, .keeping, absence: "no validation", value: "updates",
            help: "updates between validations, which score num_vals_train pictures",
            check: .within(NumberBounds.updates)),
        Setting(
            .training, "num_vals_train", \.training.numValsTrain, .keeping, value: "count",
            help: "how many pictures a validation scores, the first by name",
            check: .within(NumberBounds.updates)),
    ]

    private static let scheduler: [Setting] = [
        Setting(
            .learningRateScheduler, "lr", \.learningRateScheduler.lr, value: "rate",
            help: "the learning rate after the warm-up; lr-find proposes one", check: .above0(to: 1000)),
        Setting(
            .learningRateScheduler, "scale_lr", \.learningRateScheduler.scaleLr, value: "bool",
            help: "whether lr is multiplied by the number of pictures of an update, on all processes"),
        Setting(
            .learningRateScheduler, "min_lr_ratio", \.learningRateScheduler.minLrRatio, value: "share",
            help: "the lowest learning rate after the warm-up, as a share of lr",
            check: .init("a share of 0 to 1") { (0...1).contains($0) }),
        Setting(
            .learningRateScheduler, "lr_cycles", \.learningRateScheduler.lrCycles, value: "count",
            help: "cycles of the learning rate's cosine over the run; 0.5 falls once, to the lowest rate",
            check: .from0(to: 1e6)),
        Setting(
            .learningRateScheduler, "lr_warmup_steps", \.learningRateScheduler.lrWarmupSteps,
            absence: "as lr_warmup_epochs says", value: "updates",
            help: "updates over which the learning rate rises from 0",
            check: .within(0...NumberBounds.updates.upperBound)),
        Setting(
            .learningRateScheduler, "lr_warmup_epochs", \.learningRateScheduler.lrWarmupEpochs, value: "epochs",
            help: "epochs over which the learning rate rises from 0, unless lr_warmup_steps is given",
            check: .init("a number from 0 to 1000") { (0...1000).contains($0) }),
    ]

    private static let optimizer: [Setting] = [
        Setting(
            .optimizer, "adam_beta1", \.optimizer.adamBeta1, value: "decay",
            help: "what AdamW's mean of the gradients keeps at each update",
            check: .init("a number from 0 to below 1") { (0..<1).contains($0) }),
        Setting(
            .optimizer, "adam_beta2", \.optimizer.adamBeta2, value: "decay",
            help: "what AdamW's mean of their squares keeps at each update",
            check: .init("a number from 0 to below 1") { (0..<1).contains($0) }),
        Setting(
            .optimizer, "adam_weight_decay", \.optimizer.adamWeightDecay, value: "decay",
            help: "the share of a weight, times the learning rate, that an update takes away",
            check: .from0(to: 1e6)),
        Setting(
            .optimizer, "adam_epsilon", \.optimizer.adamEpsilon, value: "number",
            help: "what AdamW adds to the root of the squares' mean, so as not to divide by 0",
            // Below, float32 has nothing but zero.
            check: .init("a number from 1e-37 to 1") { (1e-37...1).contains($0) }),
        Setting(
            .gradientClipping, "max_grad_norm", \.gradientClipping.maxGradNorm, value: "norm",
            help: "gradients of a larger norm are scaled down to this one", check: .above0(to: 1e37)),
    ]

    private static let compute: [Setting] = [
        Setting(
            .compute, "device", \.compute.device, .means, absence: "an accelerator where there is one",
            absenceText: "auto", value: "device",
            help: "where to compute: auto, cpu, cuda or mps; cuda:1 is the second accelerator"),
        Setting(
            .compute, "threads", \.compute.threads, .means, absence: "one a physical core", value: "count",
            help: "CPU threads to compute with, of each process",
            check: .within(NumberBounds.threads)),
        Setting(
            .compute, "gradient_checkpointing", \.compute.gradientCheckpointing, .means, formerName: "recompute",
            value: "bool",
            help: "run blocks again for their gradients, which takes less memory and a third more time"),
        Setting(
            .compute, "sharding", \.compute.sharding, .means, value: "what",
            help:
                "of several processes, what each keeps a share of alone: nothing, the optimizer's state, gradients as well, weights as well (ZeRO's stages 0 to 3)"
        ),
        Setting(
            .compute, "offload", \.compute.offload, .means, value: "what",
            help:
                "what is kept away from the device: nothing, the optimizer's float32 state, or the weights to compute with as well"
        ),
        Setting(
            .compute, "offload_to", \.compute.offloadTo, .means, value: "host|folder",
            help: "where offload keeps it: host for the host's memory, or a folder on a fast disk"),
        Setting(
            .compute, "process_timeout", \.compute.processTimeout, .means, value: "seconds",
            help: "of several processes, how long each waits for the others before it gives up",
            check: .within(1...86_400)),
    ]
}

extension Setting.Check where Value == Int {
    fileprivate static func within(_ range: ClosedRange<Int>) -> Self {
        .init("a number from \(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
    }
}

extension Setting.Check where Value == Double {
    fileprivate static func above0(to limit: Double) -> Self {
        .init("a number above 0, up to \(limit.settingText),") { $0 > 0 && $0 <= limit }
    }
    fileprivate static func from0(to limit: Double) -> Self {
        .init("a number from 0 to \(limit.settingText)") { (0...limit).contains($0) }
    }
}
