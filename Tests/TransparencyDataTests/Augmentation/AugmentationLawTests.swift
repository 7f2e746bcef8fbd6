import Images
import Testing

@testable import TransparencyData

/// 100,000 of our draws against 100,000 of albumentations'.
@Suite struct AugmentationLawTests {
    private static let all = (0..<400_000).map { AugmentationParameters(seed: 17, epoch: $0 / 5000, index: $0 % 5000) }

    /// The statistic of Pearson's test that two lists of counts are of one law, as a number that is normally distributed when they
    /// are (Wilson and Hilferty 1931).
    private func deviation(_ ours: [Int], _ theirs: [Int]) -> Double {
        #expect(ours.count == theirs.count)
        // Bins that are too small for the approximation are one.
        var (bins, rest) = ([(Double, Double)](), (0.0, 0.0))
        for (one, other) in zip(ours, theirs) {
            if one + other < 20 {
                rest = (rest.0 + Double(one), rest.1 + Double(other))
            } else {
                bins.append((Double(one), Double(other)))
            }
        }
        if rest.0 + rest.1 > 0 { bins.append(rest) }
        let (one, other) = (bins.map(\.0).reduce(0, +), bins.map(\.1).reduce(0, +))
        let (up, down) = ((other / one).squareRoot(), (one / other).squareRoot())
        let statistic = bins.map { bin in
            let difference = up * bin.0 - down * bin.1
            return difference * difference / (bin.0 + bin.1)
        }.reduce(0, +)
        let freedom = Double(bins.count - 1)
        let third = 2 / (9 * freedom)
        return (cubeRoot(statistic / freedom) - 1 + third) / third.squareRoot()
    }

    private func cubeRoot(_ value: Double) -> Double {
        var root = max(value, 1e-9)
        for _ in 0..<100 { root = (2 * root + value / (root * root)) / 3 }
        return root
    }

    /// One false alarm in 30,000 for each test.
    private let limit = 4.0

    private func histogram(_ values: [Double], _ low: Double, _ high: Double) -> [Int] {
        var counts = [Int](repeating: 0, count: 20)
        for value in values { counts[min(max(Int((value - low) / (high - low) * 20), 0), 19)] += 1 }
        return counts
    }

    private func counts(_ values: [Int], _ count: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: count)
        for value in values { counts[value] += 1 }
        return counts
    }

    @Test func colorJitter() throws {
        let draws: AugmentationFixtures.Draws = try AugmentationFixtures.decoded("draws")
        let ours = Self.all.compactMap(\.jitter).prefix(100_000)
        #expect(ours.count == 100_000)
        #expect(deviation(histogram(ours.map(\.brightness), 0.8, 1.2), draws.brightness) < limit)
        #expect(deviation(histogram(ours.map(\.contrast), 0.8, 1.2), draws.contrast) < limit)
        #expect(deviation(histogram(ours.map(\.saturation), 0.8, 1.2), draws.saturation) < limit)
        #expect(deviation(histogram(ours.map(\.hue), -0.1, 0.1), draws.hue) < limit)
        let orders = Set(ours.map { $0.order.map(\.rawValue) })
        #expect(orders.count == 24)
        let places = Dictionary(uniqueKeysWithValues: orders.enumerated().map { ($1, $0) })
        let uniform = [Int](repeating: 100_000 / 24, count: 24)
        #expect(deviation(counts(ours.map { places[$0.order.map(\.rawValue)] ?? 0 }, 24), uniform) < limit)
        #expect(deviation(draws.order, uniform) < limit)
        // The test itself must be able to fail.
        #expect(deviation(histogram(ours.map { $0.hue * 0.97 }, -0.1, 0.1), draws.hue) > limit)
    }

    @Test func blurs() throws {
        let draws: AugmentationFixtures.Draws = try AugmentationFixtures.decoded("draws")
        var (motions, gaussians): ([MotionBlur], [GaussianBlur]) = ([], [])
        for index in 0..<720_000 {
            switch AugmentationParameters(seed: 19, epoch: 1, index: index).blur {
            case .motion(let motion): motions.append(motion)
            case .gaussian(let gaussian): gaussians.append(gaussian)
            case nil: break
            }
        }
        (motions, gaussians) = (Array(motions.prefix(100_000)), Array(gaussians.prefix(100_000)))
        #expect(motions.count == 100_000 && gaussians.count == 100_000)
        #expect(deviation(counts(motions.map { ($0.size - 11) / 2 }, 11), draws.motionSize) < limit)
        let cells = motions.map { motion in (motion.offsets(), Double(motion.size / 2)) }
        #expect(deviation(counts(cells.map { $0.0.count }, 32), draws.motionCells) < limit)
        let centersX = cells.map { Double($0.0.map(\.x).reduce(0, +)) / Double($0.0.count) / $0.1 }
        let centersY = cells.map { Double($0.0.map(\.y).reduce(0, +)) / Double($0.0.count) / $0.1 }
        #expect(deviation(histogram(centersX, -1.013, 1.017), draws.motionCenterX) < limit)
        #expect(deviation(histogram(centersY, -1.013, 1.017), draws.motionCenterY) < limit)
        #expect(deviation(counts(gaussians.map { ($0.size - 11) / 2 }, 11), draws.gaussianSize) < limit)
        #expect(deviation(histogram(gaussians.map(\.sigma), 0.5, 3), draws.gaussianSigma) < limit)
    }

    @Test func howOftenEachIsDone() throws {
        let draws: AugmentationFixtures.Draws = try AugmentationFixtures.decoded("draws")
        let ours = Self.all.prefix(100_000)
        let done = [
            "flip": ours.count { $0.isFlipped }, "jitter": ours.count { $0.jitter != nil },
            "motion": ours.count { if case .motion = $0.blur { true } else { false } },
            "gaussian": ours.count { if case .gaussian = $0.blur { true } else { false } },
            "noise": ours.count { $0.noise != nil },
        ]
        for (name, count) in done {
            let theirs = try #require(draws.applied[name])
            #expect(deviation([count, 100_000 - count], [theirs, 100_000 - theirs]) < limit, "\(name)")
        }
        // Gates do not depend on each other.
        let both = ours.count { $0.isFlipped && $0.jitter != nil }
        #expect(abs(Double(both) - 25_000) < 4 * 137)
    }

    @Test func noise() throws {
        let draws: AugmentationFixtures.Draws = try AugmentationFixtures.decoded("draws")
        let sigmas = Self.all.compactMap(\.noise).prefix(100_000).map(\.sigma)
        #expect(deviation(histogram(Array(sigmas), 0.1, 0.3), draws.noiseSigma) < limit)

        // Gray 128 with noise of 0.2: the same share of each of 256 values, the two ends included.
        let gray = try DatasetBuilder.blank(width: 1024, height: 128, channels: 3, value: 128)
        let mask = try DatasetBuilder.blank(width: 1024, height: 128, channels: 1, value: 0)
        func noisy(_ seed: UInt64, _ sigma: Double = 0.2) throws -> [UInt8] {
            try AugmentationParameters(noise: GaussNoise(sigma: sigma, seed: seed))
                .apply(to: gray, mask: mask, width: 1024, height: 128).picture.pixels
        }
        let samples = try noisy(1)
        #expect(deviation(counts(samples.map(Int.init), 256), draws.noisy128) < limit)
        #expect(deviation(counts(try noisy(1, 0.205).map(Int.init), 256), draws.noisy128) > limit)
        #expect(try noisy(2) != samples)
        // Neighbors and channels know nothing of each other: correlations of the order of 1 / sqrt(n).
        let centered = samples.map { Double($0) - 127.5 }
        let variance = centered.map { $0 * $0 }.reduce(0, +) / Double(centered.count)
        for lag in [1, 2, 3, 3 * 1024] {
            let products = zip(centered, centered.dropFirst(lag)).map { $0 * $1 }
            #expect(
                abs(products.reduce(0, +) / Double(products.count) / variance) < 4.5
                    / Double(products.count).squareRoot())
        }
    }
}
