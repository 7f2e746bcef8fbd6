/// Numbers of an update or a validation, by the names that they have in the log.
package typealias TrackedValues = [(name: String, value: Double)]

extension TrainingUpdate {
    /// - Parameter pictures: Of an update.
    package func values(pictures: Int) -> TrackedValues {
        [
            ("epoch", epoch), ("loss", loss), ("lr", lr), ("grad_norm", gradNorm), ("skipped", skipped ? 1 : 0),
            ("seconds", seconds), ("pictures_per_second", seconds > 0 ? Double(pictures) / seconds : 0),
            ("data_wait", dataWait), ("memory", Double(memory)),
        ] + LossTerm.allCases.compactMap { term in losses?[term.rawValue].map { (term.logName, $0) } }
    }
}

extension TrainingValidation {
    package func values(pictures: Int) -> TrackedValues {
        // Without anything transparent in the pictures there is no recall.
        [("val_iou", valIoU), ("val_mse", valMSE)] + (valRecall.map { [("val_recall", $0)] } ?? [])
    }
}

/// How pages of curves, which group them by what is before a slash, name numbers: `train/loss`, `val/iou`, `perf/seconds`.
enum CurveName {
    private static let performance: Set = ["seconds", "pictures_per_second", "data_wait", "memory"]

    static func grouped(_ values: TrackedValues) -> TrackedValues {
        values.map { name, value in
            if name == "memory" { return ("perf/memory_gib", value / Double(1 << 30)) }
            if name.hasPrefix("val_") { return ("val/" + name.dropFirst("val_".count), value) }
            return ((performance.contains(name) ? "perf/" : "train/") + name, value)
        }
    }

    /// What runs are compared by.
    static let metrics = ["val/iou", "val/recall", "val/mse", "train/loss"]
}
