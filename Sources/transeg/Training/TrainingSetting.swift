import StableDiffusion3

/// A setting of `train`, as files, the environment and flags name it. The one list of what there is: help, files and checks follow it.
struct TrainingSetting: Sendable {
    /// What a value may be.
    enum Kind: Sendable, Equatable {
        case text, integer, real, boolean
        case choice([String])
    }

    /// In files; with dashes a flag, in capitals after `TRANSEG_` an environment variable.
    let name: String
    /// The group that the original has it in; `ours` for those that it lacks.
    let group: String
    let kind: Kind
    /// The value where none is given; nil for none.
    let standard: String?
    let help: String

    var flag: String { "--" + name.replacing("_", with: "-") }
    var environmentName: String { "TRANSEG_" + name.uppercased() }

    init(_ group: String, _ name: String, _ kind: Kind, _ standard: String?, _ help: String) {
        (self.group, self.name, self.kind, self.standard, self.help) = (group, name, kind, standard, help)
    }

    /// What is wrong with a value, a phrase; nil when nothing is.
    func problem(with text: String) -> String? {
        let (isRight, expected): (Bool, String) =
            switch kind {
            case .text: (!text.isEmpty, "a text")
            case .integer: (Int(text) != nil, "a whole number")
            case .real: (Double(text)?.isFinite ?? false, "a number")
            case .boolean: (Switch(argument: text) != nil, "true or false")
            case .choice(let choices): (choices.contains(text), "one of " + choices.joined(separator: ", "))
            }
        return isRight ? nil : "\(name) is \(text); \(expected) was expected"
    }

    static let all: [TrainingSetting] = [
        .init("model", "base_model_path", .text, nil, "the model to fine-tune: a folder or a Hugging Face id"),
        .init(
            "model", "data_type", .choice(["bf16", "fp16", "fp32"]), "bf16",
            "what to compute in; the weights themselves are float32"),
        .init("project_config", "output_dir", .text, nil, "where the run is kept"),
        .init("dataset", "dataset_path", .text, nil, "the data set's folder, laid out as Trans10K is"),
        .init(
            "dataset", "val_difficulty", .choice(["easy", "hard", "mix"]), "mix",
            "which validation pictures are looked at"),
        .init(
            "dataset", "dataloader_num_workers", .integer, nil,
            "pictures that are read at once; one a processor where not given"),
        .init(
            "training", "resume_from_checkpoint", .text, nil, "a checkpoint's name, or latest for the newest whole one"),
        .init("training", "epochs", .integer, "43", "how often each picture is seen"),
        .init("training", "max_train_steps", .integer, nil, "updates in all, instead of epochs"),
        .init("training", "train_batch_size", .integer, "4", "pictures of a pass"),
        .init("training", "gradient_accumulation_steps", .integer, "2", "passes of an update"),
        .init("training", "save_checkpoint_steps", .integer, nil, "updates between checkpoints"),
        .init(
            "training", "save_checkpoint_epochs", .integer, "1",
            "epochs between checkpoints, where save_checkpoint_steps is not given"),
        .init("training", "val_steps", .integer, nil, "updates between validations; none where not given"),
        .init("training", "num_vals_train", .integer, "16", "validation pictures that are looked at each time"),
        .init("learning_rate_scheduler", "lr", .real, "2e-6", "the learning rate after warming up"),
        .init("learning_rate_scheduler", "min_lr_ratio", .real, "0.1", "the least learning rate, as a share"),
        .init("learning_rate_scheduler", "lr_cycles", .real, "3.5", "cycles of the cosine"),
        .init("learning_rate_scheduler", "lr_warmup_steps", .integer, nil, "updates of warm-up"),
        .init(
            "learning_rate_scheduler", "lr_warmup_epochs", .real, "1",
            "epochs of warm-up, where lr_warmup_steps is not given"),
        .init("optimizer", "adam_beta1", .real, "0.9", "decay of the first moment"),
        .init("optimizer", "adam_beta2", .real, "0.999", "decay of the second moment"),
        .init("optimizer", "adam_weight_decay", .real, "0", "decay of the weights"),
        .init("optimizer", "adam_epsilon", .real, "1e-15", "what is added to the denominator"),
        .init("gradient_clipping", "max_grad_norm", .real, "1", "the norm that gradients are cut down to"),
        .init("ours", "plan", .text, nil, "a repair plan to apply to the data set"),
        .init("ours", "resolution", .integer, "1024", "the side of the square that pictures are brought to"),
        .init("ours", "scale_lr", .boolean, "true", "whether lr is multiplied by the pictures of an update"),
        .init("ours", "seed", .integer, "0", "another seed gives another order, augmentation and draws"),
        .init(
            "ours", "shuffle", .boolean, "true", "whether each epoch has an order of its own, rather than that of names"
        ),
        .init("ours", "augment", .boolean, "true", "whether pictures are augmented"),
        .init(
            "ours", "vae_posterior", .choice(["sample", "mode"]), "sample", "what of the VAE's distribution is taken"),
        .init("ours", "trainable", .choice(["all", "folded", "lora"]), "all", "what of the transformer is trained"),
        .init("ours", "lora_rank", .integer, "16", "the rank of adapters, with lora"),
        .init(
            "ours", "lora_targets", .text, TrainedForm.standardTargets.joined(separator: ","),
            "the layers that get adapters: names, or their ends, with commas between"),
        .init(
            "ours", "target", .choice(["binary", "colour"]), "binary",
            "one mask, or things and stuff in the data set's colours"),
        .init(
            "ours", "output_form", .choice(["direct", "negated", "residual"]), "direct",
            "what the output is to the mask's latent: itself, negated, or the picture's minus it"),
        .init(
            "ours", "ema_decay", .real, nil,
            "the share that an average of the weights keeps of itself; none where not given"),
        .init("ours", "latent_cache", .text, nil, "a folder that keeps the VAE's latents"),
        .init(
            "ours", "recompute", .boolean, "true",
            "run blocks again for their gradients: less memory, a third more time"),
        .init("ours", "keep_checkpoints", .integer, "2", "newest checkpoints that are kept, besides the best one"),
        .init("ours", "device", .text, "auto", "auto, cpu, cuda, cuda:1 or mps"),
        .init("ours", "threads", .integer, nil, "threads of the CPU to compute with; one a core where not given"),
    ]

    /// What only `train` has, which keeps what it does: `lr-find` does not.
    static let ofRunsAlone: Set<String> = [
        "output_dir", "resume_from_checkpoint", "save_checkpoint_steps", "save_checkpoint_epochs", "keep_checkpoints",
        "val_steps", "num_vals_train", "val_difficulty",
    ]

    /// Keys of the original's file that change nothing here, with the reason.
    static let withoutEffect: [String: String] = [
        "dataset_name": "the layout is Trans10K's", "test_difficulty": "evaluate has --difficulty",
        "prompt_embeds_path": "the model folder has the prompt's embeddings, or what computes them",
        "checkpoint_offset_warmup": "checkpoints come every save_checkpoint_steps updates",
        "load_checkpoint": "evaluate has --model", "num_vals_test": "evaluate looks at all pictures",
        "lr_scheduler": "the schedule is the cosine with warm-up", "weighting_scheme": "there is no noise in one step",
        "logit_mean": "there is no noise in one step", "logit_std": "there is no noise in one step",
        "mode_scale": "there is no noise in one step",
    ]

    static func named(_ name: String) -> TrainingSetting? { all.first { $0.name == name } }
}
