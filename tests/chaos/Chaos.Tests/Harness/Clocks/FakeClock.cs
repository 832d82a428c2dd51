namespace Chaos.Tests.Harness.Clocks;

/// <summary>
/// The wall clock of one member (libfaketime), which a test sets forwards and back while the member runs. Monotonic time stays
/// true, as on a machine whose clock is corrected.
/// </summary>
public sealed class FakeClock
{
    private readonly string _file;

    public FakeClock(string file)
    {
        _file = file;
        Set(TimeSpan.Zero);
        Environment = new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = FindLibrary() ?? throw new InvalidOperationException(WhyImpossible()),
            ["FAKETIME_TIMESTAMP_FILE"] = file,
            ["FAKETIME_NO_CACHE"] = "1",
            ["DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    /// <summary>Variables of the process whose clock it is.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    public static string? WhyImpossible() => FindLibrary() is null ? "a clock of a member's own needs libfaketime (package libfaketime)" : null;

    /// <summary>From now on the clock is off by this much.</summary>
    public void Set(TimeSpan offset)
    {
        // Renamed into place: the process reads the file whenever it asks for the time.
        var next = _file + ".next";
        File.WriteAllText(next, $"{(offset < TimeSpan.Zero ? "-" : "+")}{Math.Abs((long)offset.TotalSeconds)}\n");
        File.Move(next, _file, overwrite: true);
    }

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
