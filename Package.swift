// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "transparency-segmentation",
    platforms: [.macOS(.v14)],
    products: [
        .library(
            name: "TransparencySegmentation",
            targets: [
                "TransparencySegmentation", "StableDiffusion3", "TorchNN", "Torch", "Safetensors", "Images",
                "SegmentationMetrics", "Trans10K",
            ]),
        .executable(name: "transeg", targets: ["transeg"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries, found by pkg-config.
        .systemLibrary(name: "CTorch", pkgConfig: "ctorch"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        // libvips' own .pc file has flags that SwiftPM refuses with a warning; what it adds to GLib's is in the module map.
        .systemLibrary(name: "CVips", pkgConfig: "gobject-2.0", providers: [.apt(["libvips-dev"])]),

        // Without libtorch.
        .target(name: "AtomicFile"),
        .target(name: "SHA256", dependencies: ["COpenSSL"]),
        .target(name: "Safetensors", dependencies: ["AtomicFile"]),
        .target(name: "Images", dependencies: ["CVips", "AtomicFile"]),
        .target(name: "SegmentationMetrics", dependencies: ["AtomicFile"]),
        .target(name: "Trans10K", dependencies: ["Images", "AtomicFile", "SHA256"]),

        // On libtorch, from the bottom up.
        .target(name: "Torch", dependencies: ["CTorch"]),
        .target(name: "TorchNN", dependencies: ["Torch", "Safetensors"]),
        .target(name: "StableDiffusion3", dependencies: ["TorchNN"]),
        .target(
            name: "TransparencySegmentation",
            dependencies: [
                "StableDiffusion3", "Images", "EmbeddedModel", "SegmentationMetrics", "Trans10K", "AtomicFile",
                "SHA256",
            ]),
        .target(name: "EmbeddedModel", path: "Models", resources: [.copy("glass-demo")]),
        .executableTarget(
            name: "transeg",
            dependencies: [
                "TransparencySegmentation",
                "SegmentationMetrics",
                "Trans10K",
                "AtomicFile",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ]),

        .target(name: "TestSupport", dependencies: ["TorchNN"], path: "Tests/TestSupport"),
        .testTarget(name: "AtomicFileTests", dependencies: ["AtomicFile"]),
        .testTarget(name: "SHA256Tests", dependencies: ["SHA256"]),
        .testTarget(name: "TorchTests", dependencies: ["Torch", "TestSupport"]),
        .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors"], exclude: ["Fixtures"]),
        .testTarget(name: "ImagesTests", dependencies: ["Images"], exclude: ["Fixtures"]),
        .testTarget(
            name: "SegmentationMetricsTests", dependencies: ["SegmentationMetrics"], exclude: ["Fixtures"]),
        .testTarget(name: "Trans10KTests", dependencies: ["Trans10K"], exclude: ["Fixtures"]),
        .testTarget(name: "TorchNNTests", dependencies: ["TorchNN", "TestSupport"]),
        .testTarget(name: "StableDiffusion3Tests", dependencies: ["StableDiffusion3", "TestSupport"]),
        .testTarget(
            name: "TransparencySegmentationTests", dependencies: ["TransparencySegmentation", "TestSupport"]),
        .testTarget(name: "TransegTests", dependencies: ["transeg", "TestSupport", "SegmentationMetrics"]),
    ]
)
