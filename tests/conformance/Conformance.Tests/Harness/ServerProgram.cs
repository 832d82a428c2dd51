namespace Conformance.Harness;

/// <summary>A program that takes etcd's flags and serves clients: real etcd of some release, or ours.</summary>
/// <param name="Label">How diffs call it.</param>
/// <param name="FileName">What is started.</param>
/// <param name="FirstArguments">Arguments before etcd's own flags.</param>
/// <param name="ExtraFlags">Flags that only this program needs.</param>
internal sealed record ServerProgram(
    string Label, string FileName, IReadOnlyList<string> FirstArguments, IReadOnlyList<string> ExtraFlags)
{
    /// <summary>Real etcd, on whichever side.</summary>
    public bool IsEtcd { get; init; }

    /// <summary>Flags of both sides of a pair.</summary>
    public IReadOnlyList<string> SharedFlags { get; init; } = [];

    /// <summary>The reference for everything of v3.</summary>
    public static ServerProgram Etcd35() => new("etcd-3.5", Peers.Require("3.5", "etcd"), [], []) { IsEtcd = true };

    /// <summary>The reference for v2: the last release line in which v2 is a first-class store.</summary>
    /// <remarks>Members ask before they campaign, as those of 3.5 and ours do unasked: else one that was held up for a second takes the lead from whom a scenario gave it to.</remarks>
    public static ServerProgram Etcd34() => new("etcd-3.4", Peers.Require("3.4", "etcd"), [], ["--enable-v2", "--pre-vote"]) { IsEtcd = true };

    /// <summary>The server under test; <paramref name="etcd"/> stands in when real etcd is asked for on both sides.</summary>
    public static ServerProgram Candidate(Func<ServerProgram> etcd)
    {
        if (Settings.Target == "etcd")
            return etcd() with { Label = "etcd again" };
        var path = Settings.Target == "ours" ? BuiltStandalone() : Settings.Target;
        if (!File.Exists(path))
            throw new FileNotFoundException($"the server under test is not there: {path} (see CONFORMANCE_TARGET)");
        return new("ours", "dotnet", [path], []) { SharedFlags = etcd().SharedFlags };
    }

    // artifacts/bin/Conformance.Tests/<configuration>/ and artifacts/bin/Standalone/<configuration>/ are built together.
    private static string BuiltStandalone()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        return Path.Combine(own.Parent!.Parent!.FullName, "Standalone", own.Name, "Standalone.dll");
    }
}
