import Annotations
import ArgumentParser
import Foundation
import TransparencyData

/// `transeg convert`: masks to annotation files and back.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Converts masks to annotation files, and annotation files to masks or to each other.",
        discussion: """
            Reads folders of masks, COCO's instances, YOLO's segmentation labels, Label Studio's brush labels and CVAT for images 1.1. \
            Holes are kept in every form.

              transeg convert masks/ --to coco --output annotations/
              transeg convert annotations/coco.json --to masks --output masks/
              transeg convert dataset/ --to yolo --classes things,stuff --output dataset/
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder of masks, a folder of YOLO's labels, or an annotation file.", valueName: "folder|file"),
        completion: .file())
    var source: String

    @Option(help: ArgumentHelp("What to make: masks, coco, yolo, labelstudio or cvat.", valueName: "form"))
    var to: ConversionTarget

    @Option(help: ArgumentHelp("The folder to write to.", valueName: "folder"), completion: .directory)
    var output: String

    @Option(
        help: ArgumentHelp(
            "Where the pictures are: their names go into annotation files, and YOLO's labels need their sizes. (default: images beside the masks or labels)",
            valueName: "folder"), completion: .directory)
    var pictures: String?

    @Option(
        help: ArgumentHelp(
            "The classes to keep, in this order, with commas between. Of masks one name is all that is marked, two are things and stuff. (default: all; of masks glass)",
            valueName: "names"))
    var classes: String?

    @Option(help: ArgumentHelp("Leave out connected regions of fewer pixels.", valueName: "pixels"))
    var areaThreshold = 1

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    func validate() throws {
        try check("area-threshold", areaThreshold, 1...1 << 30)
        if let classes, names(classes).isEmpty { throw ValidationError("--classes is empty; name a class") }
    }

    private func names(_ list: String) -> [String] {
        list.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func run() throws {
        let conversion = AnnotationConversion(
            of: source, to: to.target, picturesFolder: pictures, classes: classes.map(names),
            minimumArea: areaThreshold, masks: MaskReader { StandardStream.tell("Note: \($0)") })
        let result = try conversion.run(to: output)
        guard !quiet else { return }
        let files = result.files.isEmpty ? output : result.files.joined(separator: ", ")
        try print("\(result.count) \(result.count == 1 ? "picture" : "pictures") converted: \(files)")
    }
}

/// `--to`.
struct ConversionTarget: ExpressibleByArgument {
    let target: AnnotationConversion.Target

    static let defaultCompletionKind = CompletionKind.list(allValueStrings)
    static let allValueStrings = ["masks"] + AnnotationFormat.allCases.map(\.rawValue)

    init?(argument: String) {
        if argument == "masks" {
            target = .masks
        } else if let format = AnnotationFormat(rawValue: argument) {
            target = .annotations(format)
        } else {
            return nil
        }
    }
}
