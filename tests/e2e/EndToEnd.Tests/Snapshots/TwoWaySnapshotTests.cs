using System.Globalization;
using System.Text.Json;

namespace EndToEnd.Tests.Snapshots;

/// <summary>
/// Goal: data moves both ways between real etcd and here, by its own tools and by ours. Method: one content goes from etcd to us, from us to etcd, each time by a
/// snapshot that real etcdctl saved, and is shown by etcdctl at each station.
/// </summary>
[Needs(Tool.Etcdctl, Tool.Etcd, Tool.Etcdutl)]
public sealed class TwoWaySnapshotTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [DeploymentFact]
    public async Task Content_FromEtcdHereAndBackToEtcd_IsTheSame()
    {
        string lease, expected;
        long revision;
        var first = _folder.Sub("first.db");
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, Member.Make(_folder, "first")[0]))
        {
            lease = await Content.FillAsync(etcd.Etcdctl);
            revision = await RevisionAsync(etcd.Etcdctl);
            expected = await Content.ShowAsync(etcd.Etcdctl, lease, revision);
            await etcd.Etcdctl.OutputAsync("snapshot", "save", first);
        }

        var second = _folder.Sub("second.db");
        var ours = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, first, ours);
        await using (var here = await Server.StartAsync(ServerKind.Ours, ours))
        {
            using var v2 = new V2Client(here.Client);
            Assert.Equal(expected, await Content.ShowAsync(here.Etcdctl, lease, revision));
            // Which etcd carries along, and does not look at.
            await v2.PutAsync("v2/keys/folder/old", ("value", "of v2"));
            await here.Etcdctl.OutputAsync("snapshot", "save", second);
        }

        await StatusesAgreeAsync(second, revision);
        var back = Member.Make(_folder, "back")[0];
        await Commands.RestoreAsync(ServerKind.Etcd, second, back);
        var third = _folder.Sub("third.db");
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, back))
        {
            Assert.Equal(expected, await Content.ShowAsync(etcd.Etcdctl, lease, revision));
            await etcd.Etcdctl.OutputAsync("snapshot", "save", third);
            await UsersCanLogInAsync(etcd.Etcdctl);
        }

        // What we saved, we take back, too: from our own file, and from that of the etcd which it went through.
        foreach (var file in new[] { second, third })
        {
            var again = Member.Make(_folder, Path.GetFileName(file))[0];
            await Commands.RestoreAsync(ServerKind.Ours, file, again);
            await using var here = await Server.StartAsync(ServerKind.Ours, again);
            Assert.Equal(expected, await Content.ShowAsync(here.Etcdctl, lease, revision));
            using var v2 = new V2Client(here.Client);
            Assert.Equal("of v2", (await v2.GetAsync("v2/keys/folder/old")).Node.GetProperty("value").GetString());
            await UsersCanLogInAsync(here.Etcdctl);
        }
    }

    [DeploymentFact]
    public async Task Users_WhoHaveToLogIn_HaveToOnBothSides()
    {
        string[] root = ["--user", "root:rootsecret"];
        var (first, second) = (_folder.Sub("first.db"), _folder.Sub("second.db"));
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, Member.Make(_folder, "etcd")[0]))
        {
            await Content.FillAsync(etcd.Etcdctl);
            await etcd.Etcdctl.OutputAsync("auth", "enable");
            await etcd.Etcdctl.OutputAsync([.. root, "snapshot", "save", first]);
        }

        var ours = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, first, ours);
        string status;
        await using (var here = await Server.StartAsync(ServerKind.Ours, ours))
        {
            await HaveToLogInAsync(here.Etcdctl, "ann:secret");
            await here.Etcdctl.OutputAsync([.. root, "user", "add", "bob:bobs"]);
            await here.Etcdctl.OutputAsync([.. root, "user", "grant-role", "bob", "reader"]);
            await HaveToLogInAsync(here.Etcdctl, "bob:bobs");
            status = await here.Etcdctl.OutputAsync([.. root, "auth", "status"]);
            Assert.Contains("Authentication Status: true", status, StringComparison.Ordinal);
            await here.Etcdctl.OutputAsync([.. root, "snapshot", "save", second]);
        }

        var back = Member.Make(_folder, "back")[0];
        await Commands.RestoreAsync(ServerKind.Etcd, second, back);
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, back))
        {
            await HaveToLogInAsync(etcd.Etcdctl, "ann:secret");
            await HaveToLogInAsync(etcd.Etcdctl, "bob:bobs");
            Assert.Equal(status, await etcd.Etcdctl.OutputAsync([.. root, "auth", "status"]));
        }
    }

    private static async Task HaveToLogInAsync(Etcdctl etcdctl, string reader)
    {
        Assert.Contains("user name is empty", (await etcdctl.RunAsync(["get", "t1"])).Err, StringComparison.Ordinal);
        Assert.Equal("t1\none", (await etcdctl.OutputAsync("--user", reader, "get", "t1")).Trim());
        Assert.Contains("permission denied", (await etcdctl.RunAsync(["--user", reader, "put", "t1", "x"])).Err, StringComparison.Ordinal);
        Assert.Contains(
            "authentication failed, invalid user ID or password", (await etcdctl.RunAsync(["--user", reader + "x", "get", "t1"])).Err, StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task Lease_Restored_HasItsWholeTtlAndEndsWithItsKeys()
    {
        const int TtlSeconds = 10; // Longer than three runs of etcdctl take.
        var file = _folder.Sub("file.db");
        string lease;
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, Member.Make(_folder, "etcd")[0]))
        {
            lease = (await etcd.Etcdctl.OutputAsync("lease", "grant", $"{TtlSeconds}")).Split(' ')[1];
            await etcd.Etcdctl.OutputAsync("put", $"--lease={lease}", "k", "v");
            await etcd.Etcdctl.OutputAsync("snapshot", "save", file);
        }
        var member = Member.Make(_folder, "ours")[0];
        await Commands.RestoreAsync(ServerKind.Ours, file, member);
        await using var here = await Server.StartAsync(ServerKind.Ours, member);
        Assert.Contains($"granted with TTL({TtlSeconds}s)", await here.Etcdctl.OutputAsync("lease", "timetolive", lease), StringComparison.Ordinal);
        await Poll.UntilAsync("the lease to end", TimeSpan.FromSeconds(40), async () => (await here.Etcdctl.OutputAsync("get", "k")).Length == 0);
        Assert.Equal("found 0 leases", (await here.Etcdctl.OutputAsync("lease", "list")).Trim());
    }

    [DeploymentFact]
    public async Task Save_WhileAWriterRuns_IsEverythingUpToOneRevision()
    {
        var file = _folder.Sub("file.db");
        var ours = Member.Make(_folder, "ours")[0];
        await using (var here = await Server.StartAsync(ServerKind.Ours, ours))
        {
            using var client = new V3Client(here.Client);
            var value = new string('v', 2_000);
            for (var i = 0; i < 3_000; i++)
                await client.PutAsync($"k{i % 500:d3}", $"{i + 2}{value}");
            using var saved = new CancellationTokenSource();
            // Revision r is the put of r: the writer is alone.
            var writing = Task.Run(async () =>
            {
                var written = 0L;
                for (var i = 3_000; !saved.IsCancellationRequested; i++)
                    written = (await client.PutAsync($"k{i % 500:d3}", $"{i + 2}{value}")).Header.Revision;
                return written;
            });
            await here.Etcdctl.OutputAsync("snapshot", "save", file);
            await saved.CancelAsync();
            Assert.True(await writing > await RevisionOfFileAsync(file), "the writer did not write while the snapshot was saved");
        }

        var revision = await RevisionOfFileAsync(file);
        await StatusesAgreeAsync(file, revision);
        var back = Member.Make(_folder, "back")[0];
        await Commands.RestoreAsync(ServerKind.Etcd, file, back);
        await using var etcd = await Server.StartAsync(ServerKind.Etcd, back);
        using var reader = new V3Client(etcd.Client);
        var all = await reader.RangeAsync("k", "l");
        Assert.Equal(revision, all.Header.Revision);
        Assert.Equal(500, all.Kvs.Count);
        Assert.Equal(Enumerable.Range(0, 500).Select(n => revision - n).Order(), all.Kvs.Select(row => row.ModRevision).Order());
        Assert.All(all.Kvs, static row => Assert.StartsWith($"{row.ModRevision}v", row.Value.ToStringUtf8(), StringComparison.Ordinal));
    }

    [DeploymentFact]
    public async Task Restore_DamagedFile_IsRefusedAndLeavesNothing()
    {
        var file = _folder.Sub("file.db");
        await using (var etcd = await Server.StartAsync(ServerKind.Etcd, Member.Make(_folder, "etcd")[0]))
        {
            await etcd.Etcdctl.OutputAsync("put", "a", "1");
            await etcd.Etcdctl.OutputAsync("snapshot", "save", file);
        }
        var sound = await File.ReadAllBytesAsync(file);
        var target = _folder.Sub("target");

        sound[5_000] ^= 1;
        await File.WriteAllBytesAsync(file, sound);
        var damaged = await Commands.SnapshotAsync("restore", file, "--data-dir", target);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("Error: expected sha256 [", damaged.Err, StringComparison.Ordinal);

        await File.WriteAllBytesAsync(file, sound[..^32]);
        var withoutDigest = await Commands.SnapshotAsync("restore", file, "--data-dir", target);
        Assert.Equal((1, "Error: snapshot missing hash but --skip-hash-check=false"), (withoutDigest.ExitCode, withoutDigest.Err.Split('\n')[^1]));

        // Cut in the middle of its pages, and the check of the digest waived.
        await File.WriteAllBytesAsync(file, sound[..9_000]);
        var cut = await Commands.SnapshotAsync("restore", file, "--data-dir", target, "--skip-hash-check");
        Assert.Equal(1, cut.ExitCode);
        Assert.Contains("Error: the file was cut short", cut.Err, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target));
    }

    private static async Task UsersCanLogInAsync(Etcdctl etcdctl)
    {
        Assert.Equal("ann\nroot", (await etcdctl.OutputAsync("user", "list")).Trim());
        await etcdctl.OutputAsync("auth", "enable");
        Assert.Equal("t1\none", (await etcdctl.OutputAsync("--user", "ann:secret", "get", "t1")).Trim());
        var denied = await etcdctl.RunAsync(["--user", "ann:secret", "put", "t1", "x"]);
        Assert.Contains("permission denied", denied.Err, StringComparison.Ordinal);
        Assert.NotEqual(0, (await etcdctl.RunAsync(["--user", "ann:wrong", "get", "t1"])).ExitCode);
    }

    /// <summary>Real etcdutl and our own command say the same of a file, in every format.</summary>
    private static async Task StatusesAgreeAsync(string file, long revision)
    {
        foreach (var format in new[] { "simple", "json", "table", "fields" })
        {
            var theirs = await Commands.EtcdutlAsync("snapshot", "status", file, "-w", format);
            var ours = await Commands.SnapshotAsync("status", file, "-w", format);
            Assert.Equal((0, theirs.Out), (ours.ExitCode, ours.Out));
        }
        Assert.Equal(revision, await RevisionOfFileAsync(file));
    }

    private static async Task<long> RevisionOfFileAsync(string file)
    {
        var status = await Commands.EtcdutlAsync("snapshot", "status", file, "-w", "json");
        Assert.True(status.ExitCode == 0, status.Err);
        using var json = JsonDocument.Parse(status.Out);
        return json.RootElement.GetProperty("revision").GetInt64();
    }

    private static async Task<long> RevisionAsync(Etcdctl etcdctl)
    {
        var header = await etcdctl.OutputAsync("get", "none", "-w", "fields");
        var line = header.Split('\n').Single(static line => line.StartsWith("\"Revision\"", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
    }
}
