// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "transparency-segmentation",
    platforms: [.macOS(.v15)],
    products: [
        .library(
            name: "TransparencySegmentation",
            targets: [
                "TransparencySegmentation", "TransparencyEvaluation", "TransparencyTraining", "StableDiffusion3",
                "TorchTraining", "TorchNN", "Torch", "Safetensors", "Images", "SegmentationMetrics", "TransparencyData",
                "SyntheticScenes", "Annotations",
            ]),
        // With the trait Service.
        .library(name: "TransparencyServer", targets: ["TransparencyServer"]),
        .executable(name: "transeg", targets: ["transeg"]),
    ],
    traits: [
        .trait(
            name: "Service",
            description:
                "`transeg serve` and TransparencyServer: segmentation over HTTP. Off, no server is fetched or built.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        // For the trait Service alone.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.100.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.30.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.5.0"),
    ],
    targets: [
        // C libraries, found by pkg-config.
        .systemLibrary(name: "CTorch", pkgConfig: "ctorch"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // libvips' own .pc file has flags that SwiftPM refuses with a warning; what it adds to GLib's is in the module map.
        .systemLibrary(name: "CVips", pkgConfig: "gobject-2.0", providers: [.apt(["libvips-dev"])]),

        // Without libtorch.
        .target(name: "Files", dependencies: ["COpenSSL"]),
        .target(name: "Limits"),
        .target(name: "SeededRandom"),
        .target(name: "Reports", dependencies: ["Files"]),
        .target(name: "TensorBoard", dependencies: ["Files"]),
        .target(name: "Wandb", resources: [.embedInCode("wandb_helper.py")]),
        .target(name: "CMappedFiles"),
        .target(name: "Safetensors", dependencies: ["CMappedFiles", "Files"]),
        .target(name: "Images", dependencies: ["CVips", "Files", "Limits"]),
        .target(name: "Video", dependencies: ["Images", "Files"]),
        .target(name: "SegmentationMetrics", dependencies: ["SeededRandom", "Reports", "Files"]),
        .target(
            name: "TransparencyData",
            dependencies: ["Annotations", "SegmentationMetrics", "SeededRandom", "Reports", "Images", "Files"]),
        .target(
            name: "Annotations",
            dependencies: ["Reports", "Images", "Files", .product(name: "Yams", package: "Yams")]),
        .target(
            name: "SyntheticScenes",
            dependencies: ["TransparencyData", "SeededRandom", "Images", "Files", "SegmentationMetrics"]),

        // On libtorch, from the bottom up.
        .target(name: "Torch", dependencies: ["CTorch"]),
        .target(name: "TorchNN", dependencies: ["Torch", "Safetensors"]),
        .target(name: "TorchTraining", dependencies: ["Torch", "Files"]),
        .target(
            name: "StableDiffusion3",
            dependencies: ["TorchTraining", "TorchNN", "Torch", "Safetensors", "Files", "Limits"]),
        .target(name: "EmbeddedModel", path: "Models", resources: [.copy("glass-demo")]),
        .target(
            name: "TransparencySegmentation",
            dependencies: [
                "StableDiffusion3", "TorchNN", "Torch", "Safetensors", "Annotations", "Video", "Images",
                "EmbeddedModel", "Files", "Limits",
            ]),
        .target(
            name: "TransparencyEvaluation",
            dependencies: [
                "TransparencySegmentation", "StableDiffusion3", "Torch", "SegmentationMetrics", "TransparencyData",
                "Reports", "Images", "Files", "Limits",
            ]),
        .target(
            name: "TransparencyTraining",
            dependencies: [
                "TransparencyEvaluation", "TransparencySegmentation", "StableDiffusion3", "TorchTraining", "TorchNN",
                "Torch", "SegmentationMetrics", "TransparencyData", "SeededRandom", "Safetensors", "TensorBoard",
                "Wandb", "Reports", "Images", "Files", "Limits",
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "TransparencyServer",
            dependencies: [
                "TransparencySegmentation", "Annotations", "Images", "Files", "Limits",
                .product(name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Service"])),
                .product(name: "HummingbirdCore", package: "hummingbird", condition: .when(traits: ["Service"])),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Service"])),
                .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Service"])),
                .product(name: "Metrics", package: "swift-metrics", condition: .when(traits: ["Service"])),
                .product(name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Service"])),
                .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Service"])),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: .when(traits: ["Service"])),
                .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Service"])),
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Service"])),
                .product(
                    name: "UnixSignals", package: "swift-service-lifecycle", condition: .when(traits: ["Service"])),
            ],
            resources: ["page.html", "page.css", "page.js", "mask.js", "icon.svg", "openapi.json"].map {
                .embedInCode("Page/\($0)")
            }),
        .executableTarget(
            name: "transeg",
            dependencies: [
                "TransparencyServer", "TransparencyTraining", "TransparencyEvaluation", "TransparencySegmentation",
                "StableDiffusion3", "Torch", "Safetensors", "SegmentationMetrics", "SyntheticScenes",
                "TransparencyData", "Annotations", "Video", "Images", "EmbeddedModel", "Reports", "Files", "Limits",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Service"])),
            ]),

        .target(name: "TestSupport", dependencies: ["TorchNN", "Torch", "Safetensors"], path: "Tests/TestSupport"),
        .target(
            name: "MetricsTestSupport", dependencies: ["SegmentationMetrics", "SeededRandom"],
            path: "Tests/MetricsTestSupport"),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "ReportsTests", dependencies: ["Reports"]),
        .testTarget(name: "TensorBoardTests", dependencies: ["TensorBoard"], exclude: ["Fixtures"]),
        .testTarget(name: "WandbTests", dependencies: ["Wandb"], exclude: ["Fixtures"]),
        .testTarget(name: "SeededRandomTests", dependencies: ["SeededRandom"]),
        .testTarget(name: "TorchTests", dependencies: ["Torch", "TestSupport"]),
        .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors", "Files"], exclude: ["Fixtures"]),
        .testTarget(name: "ImagesTests", dependencies: ["Images"], exclude: ["Fixtures"]),
        .testTarget(
            name: "SegmentationMetricsTests",
            dependencies: ["SegmentationMetrics", "SeededRandom", "MetricsTestSupport"],
            exclude: ["Fixtures"]),
        .testTarget(name: "VideoTests", dependencies: ["Video", "Images"]),
        .testTarget(name: "AnnotationsTests", dependencies: ["Annotations", "SeededRandom", "Images", "Files"]),
        .testTarget(
            name: "TransparencyDataTests",
            dependencies: ["TransparencyData", "SyntheticScenes", "Images", "Files", "SegmentationMetrics"],
            exclude: ["Fixtures"]),
        .testTarget(
            name: "SyntheticScenesTests",
            dependencies: ["SyntheticScenes", "TransparencyData", "Images", "SeededRandom", "SegmentationMetrics"]),
        .testTarget(name: "TorchNNTests", dependencies: ["TorchNN", "Torch", "Safetensors", "TestSupport"]),
        .testTarget(name: "TorchTrainingTests", dependencies: ["TorchTraining", "Torch", "Files", "TestSupport"]),
        .testTarget(
            name: "StableDiffusion3Tests",
            dependencies: [
                "StableDiffusion3", "TorchTraining", "TorchNN", "Torch", "Safetensors", "Files", "TestSupport",
            ], exclude: ["Fixtures"]),
        .testTarget(
            name: "TransparencySegmentationTests",
            dependencies: [
                "TransparencySegmentation", "Torch", "Images", "EmbeddedModel", "TestSupport", "StableDiffusion3",
                "SeededRandom",
                "Files",
            ]),
        .testTarget(
            name: "TransparencyEvaluationTests",
            dependencies: [
                "TransparencyEvaluation", "TransparencySegmentation", "SegmentationMetrics", "SyntheticScenes",
                "TransparencyData", "Torch", "Images", "TestSupport", "MetricsTestSupport",
            ]),
        .testTarget(
            name: "TransparencyTrainingTests",
            dependencies: [
                "TransparencyTraining", "TransparencySegmentation", "StableDiffusion3", "TorchTraining", "Torch",
                "SyntheticScenes", "TransparencyData", "TensorBoard", "Wandb", "Images", "TestSupport", "Limits",
            ], exclude: ["Fixtures"]),
        .testTarget(
            name: "TransparencyServerTests",
            dependencies: [
                "TransparencyServer", "TransparencySegmentation", "EmbeddedModel", "Annotations", "Images",
                "SeededRandom",
                "TestSupport",
                .product(name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Service"])),
                .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Service"])),
                .product(name: "Metrics", package: "swift-metrics", condition: .when(traits: ["Service"])),
                .product(
                    name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Service"])),
            ]),
        .testTarget(
            name: "TransegTests",
            dependencies: [
                "transeg", "TestSupport", "SegmentationMetrics", "Images", "Safetensors",
                "Files", "Torch",
            ], exclude: ["Fixtures"]),
    ]
)

// For Scripts/fuzz: one parser after the other under libFuzzer, which has a main of its own.
if Context.environment["TRANSPARENCY_SEGMENTATION_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "TransparencyTraining", "TransparencyData", "StableDiffusion3", "SegmentationMetrics", "Safetensors",
                "Images", "Files",
            ], path: "Tests/Fuzz", exclude: ["Corpus"], swiftSettings: [.unsafeFlags(["-parse-as-library"])]))
}

// Settings of all targets of our own.
for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
        ]
}

// For this package's own checks (CONTRIBUTING.md). Who depends on it fetches no plugin, and no warning of a newer
// compiler breaks a build.
if Context.environment["TRANSPARENCY_SEGMENTATION_CHECKS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
