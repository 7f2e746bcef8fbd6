public import ArgumentParser
import SegmentationMetrics
import SyntheticScenes
import TransparencyData
import TransparencyEvaluation
import TransparencySegmentation
import TransparencyTraining

/// What a command takes of a data set where `--split` names nothing.
protocol StandardSplit: Sendable {
    /// Nil for all.
    static var split: Split? { get }
}

enum TestSplit: StandardSplit { static let split: Split? = .test }
enum TrainSplit: StandardSplit { static let split: Split? = .train }
enum ValidationSplit: StandardSplit { static let split: Split? = .validation }
enum AllSplits: StandardSplit { static let split: Split? = nil }

/// How a data set is laid out and repaired: the options that commands share.
struct DatasetLayoutOptions<Standard: StandardSplit>: ParsableArguments {
    @Option(
        help:
            "Which part of a data set that is laid out as Trans10K. (default: \(Standard.split?.rawValue ?? "all parts"))"
    )
    var split: Split?

    @Option(
        help: ArgumentHelp(
            "The pictures of a data set with other folders: a path in it with one *, such as photos/*.jpg. Needs --masks.",
            valueName: "pattern"))
    var images: String?

    @Option(
        help: ArgumentHelp(
            "Their masks, such as labels/*_mask.png. A picture and its mask are those whose stars stand for the same.",
            valueName: "pattern"))
    var masks: String?

    @Option(
        help: ArgumentHelp("A repair plan to apply, as dataset audit --repair makes it.", valueName: "plan.json"),
        completion: .file(extensions: ["json"]))
    var plan: String?

    func validate() throws {
        guard (images == nil) == (masks == nil) else {
            throw ValidationError("--images and --masks go together; give both patterns or none")
        }
        if images != nil, split != nil {
            throw ValidationError("--images and --masks name all pictures; --split is for Trans10K's folders")
        }
    }

    /// The data set at `root` with its plan. Throws `DatasetError`.
    func open(_ root: String) throws -> Dataset {
        let layout =
            if let images, let masks { DatasetLayout.patterns(images: images, masks: masks) } else {
                DatasetLayout.trans10K
            }
        return try Dataset(root, layout: layout, plan: plan.map { try RepairPlan(contentsOf: $0) }, masks: .telling())
    }
}

/// Which pictures of which data set: the options that commands share.
struct DatasetOptions<Standard: StandardSplit>: ParsableArguments {
    @OptionGroup var layout: DatasetLayoutOptions<Standard>

    @Option(help: "Which pictures of the split: those in its folder easy or hard, or mix for both.")
    var difficulty = DifficultyChoice.mix

    func validate() throws {
        if layout.images != nil, difficulty != .mix {
            throw ValidationError("--images and --masks name all pictures; --difficulty is for Trans10K's folders")
        }
    }

    /// The data set at `root` with its plan. Throws `DatasetError`.
    func open(_ root: String) throws -> Dataset { try layout.open(root) }

    /// The pairs that are meant. Throws `DatasetError`.
    func pairs(of dataset: Dataset) throws -> [DatasetPair] {
        try dataset.pairs(
            layout.images == nil ? layout.split ?? Standard.split : nil, difficulty: difficulty.difficulty)
    }
}

extension MaskReader {
    /// One that says on standard error what it guesses.
    static func telling() -> MaskReader { MaskReader { StandardStream.tell("Note: \($0)") } }
}

extension Split: ExpressibleByArgument {}

/// `easy`, `hard` or `mix`.
enum DifficultyChoice: String, ExpressibleByArgument, CaseIterable {
    case easy, hard, mix

    var difficulty: Difficulty? { Difficulty(rawValue: rawValue) }
}
