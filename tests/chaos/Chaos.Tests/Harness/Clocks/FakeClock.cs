namespace Chaos.Tests.Harness.Clocks;

/// <summary>
/// The wall clock of one member (libfaketime), which a test sets forwards and back while the member runs. Monotonic time stays
/// true, as on a machine whose clock is corrected.
/// </summary>
public sealed class FakeClock
{
    private readonly string _file;

    /// <param name="file">Where the offset is written.</param>
    /// <param name="seenAs">Where the process finds that file and the library, when it sees other files than we do; null: where they are.</param>
    public FakeClock(string file, (string File, string Library)? seenAs = null)
    {
        _file = file;
        Set(TimeSpan.Zero);
        Environment = new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = seenAs?.Library ?? Library,
            ["FAKETIME_TIMESTAMP_FILE"] = seenAs?.File ?? file,
            // Reading the file at every look at the clock, which a server does many thousand times a second, makes it crawl. A second is the least that is not none.
            ["FAKETIME_CACHE_DURATION"] = "1",
            // The library's own repair of waits on the monotonic clock makes them return at once: every timed wait of the runtime spins, on most of a core.
            ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
            ["DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    /// <summary>Variables of the process whose clock it is.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>Path of libfaketime.</summary>
    /// <exception cref="InvalidOperationException">It is not there.</exception>
    public static string Library => FindLibrary() ?? throw new InvalidOperationException(WhyImpossible());

    public static string? WhyImpossible() => FindLibrary() is null ? "a clock of a member's own needs libfaketime (package libfaketime)" : null;

    /// <summary>From the next second on the clock is off by this much; see <see cref="Shows"/>.</summary>
    public void Set(TimeSpan offset)
    {
        // Renamed into place: the process may read it at any moment.
        var next = _file + ".next";
        File.WriteAllText(next, $"{(offset < TimeSpan.Zero ? "-" : "+")}{Math.Abs((long)offset.TotalSeconds)}\n");
        File.Move(next, _file, overwrite: true);
    }

    /// <summary>Whether a clock that a process shows is off by this much, give or take what it takes to ask.</summary>
    public static bool Shows(DateTimeOffset shown, TimeSpan offset) => (shown - DateTimeOffset.UtcNow - offset).Duration() < TimeSpan.FromMinutes(1);

    private static string? FindLibrary()
    {
        foreach (var folder in (string[])["/usr/lib/x86_64-linux-gnu/faketime", "/usr/lib/aarch64-linux-gnu/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime"])
        {
            var path = System.IO.Path.Combine(folder, "libfaketime.so.1");
            if (File.Exists(path))
                return path;
        }
        return null;
    }
}
