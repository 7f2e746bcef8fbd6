// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "serve-model",
    dependencies: [
        // In a package of your own: .package(url: "…/transparency-segmentation", from: "…", traits: ["Service"])
        .package(name: "transparency-segmentation", path: "../..", traits: ["Service"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        .executableTarget(
            name: "serve-model",
            dependencies: [
                .product(name: "TransparencySegmentation", package: "transparency-segmentation"),
                .product(name: "TransparencyServer", package: "transparency-segmentation"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
            ])
    ]
)
