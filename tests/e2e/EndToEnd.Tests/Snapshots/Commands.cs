namespace EndToEnd.Tests.Snapshots;

/// <summary>Programs that are run to their end.</summary>
internal static class Commands
{
    /// <summary>Our own <c>snapshot</c> command.</summary>
    public static Task<EtcdctlResult> SnapshotAsync(params string[] arguments) => RunAsync("dotnet", [Repository.Assembly("Standalone"), "snapshot", .. arguments]);

    /// <summary>Real etcdutl.</summary>
    public static Task<EtcdctlResult> EtcdutlAsync(params string[] arguments) => RunAsync(Toolbox.Etcdutl, arguments);

    /// <summary>Makes the data directory of an initial member, with real etcdutl or with our own command: both take the same flags.</summary>
    public static async Task RestoreAsync(ServerKind kind, string file, Member member, params string[] more)
    {
        string[] arguments =
        [
            "restore", file, "--data-dir", member.DataDir, "--name", member.Name, "--initial-cluster", member.InitialCluster,
            "--initial-advertise-peer-urls", member.PeerUrl, .. more,
        ];
        var result = kind == ServerKind.Ours ? await SnapshotAsync(arguments) : await EtcdutlAsync(["snapshot", .. arguments]);
        Assert.True(result.ExitCode == 0, $"restore by {kind} ended with {result.ExitCode}: {result.Err}");
    }

    public static async Task<EtcdctlResult> RunAsync(string program, string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments, new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" });
        process.Input.Close();
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(120));
        return new(code, process.Out, process.Err);
    }
}
