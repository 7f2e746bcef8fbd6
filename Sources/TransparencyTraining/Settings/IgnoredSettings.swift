/// Keys of the original's file that change nothing here.
enum IgnoredSettings {
    /// The reason by name.
    static let reasons: [String: String] = [
        "dataset_name": "the layout is Trans10K's", "test_difficulty": "evaluate has --difficulty",
        "prompt_embeds_path": "the model folder has the prompt's embeddings, or what computes them",
        "checkpoint_offset_warmup": "checkpoints come every save_checkpoint_steps updates",
        "load_checkpoint": "evaluate has --model", "num_vals_test": "evaluate looks at all pictures",
        "lr_scheduler": "the schedule is the cosine with warm-up", "weighting_scheme": "there is no noise in one step",
        "logit_mean": "there is no noise in one step", "logit_std": "there is no noise in one step",
        "mode_scale": "there is no noise in one step",
    ]

    /// Groups that have none but such keys, and `ours`, where files of earlier versions have what is not the original's.
    static let groups: Set<String> = ["prompt_embeds", "validation", "noise", "ours"]
}
