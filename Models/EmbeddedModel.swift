import Foundation

/// The small demonstration model that comes with the package, and its example picture.
///
/// SwiftPM puts them into a resource bundle beside the program.
public enum EmbeddedModel {
    /// The model folder; nil where the program was moved without its bundle.
    public static var folder: String? { locate("") }

    /// A drawn scene with glass; nil where the program was moved without its bundle.
    public static var examplePicture: String? { locate("/example.png") }

    /// The generated `Bundle.module` ends the process when the bundle is missing; this looks first.
    private static func locate(_ file: String) -> String? {
        let bundle = "transparency-segmentation_EmbeddedModel.resources"
        let executable = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        let folders = [
            Bundle.main.bundleURL, Bundle.main.resourceURL, executable.deletingLastPathComponent(),
            URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent(),
        ]
        return folders.compactMap { $0?.appendingPathComponent(bundle).path.appending("/glass-demo\(file)") }
            .first(where: FileManager.default.fileExists)
    }
}
