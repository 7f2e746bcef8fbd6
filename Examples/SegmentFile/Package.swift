// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "segment-file",
    dependencies: [
        // In a package of your own: .package(url: "…/transparency-segmentation", from: "…")
        .package(name: "transparency-segmentation", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "segment-file",
            dependencies: [.product(name: "TransparencySegmentation", package: "transparency-segmentation")])
    ]
)
