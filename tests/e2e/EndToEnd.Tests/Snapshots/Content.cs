using System.Globalization;
using System.Text.RegularExpressions;

namespace EndToEnd.Tests.Snapshots;

/// <summary>What a server is given, and everything that etcdctl shows of it.</summary>
internal static partial class Content
{
    private const int CompactedAt = 5;

    /// <summary>Fills a real etcd: history, a compaction, deletes, transactions, leases, a long value, users and roles. Returns the lease that has keys.</summary>
    public static async Task<string> FillAsync(Etcdctl etcdctl)
    {
        for (var i = 0; i < 4; i++)
            await etcdctl.OutputAsync("put", "counter", $"{i}"); // revisions 2 to 5
        await etcdctl.OutputAsync("put", "gone", "soon");
        await etcdctl.OutputAsync("del", "gone");
        var txn = await etcdctl.RunAsync(["txn"], "\nput t1 one\nput t2 two\ndel counter\n\n\n");
        Assert.True(txn.ExitCode == 0, txn.Err);
        await etcdctl.OutputAsync("put", "counter", "again");
        var lease = (await etcdctl.OutputAsync("lease", "grant", "600")).Split(' ')[1];
        await etcdctl.OutputAsync("put", $"--lease={lease}", "leased/1", "x");
        await etcdctl.OutputAsync("put", $"--lease={lease}", "leased/2", "y");
        await etcdctl.OutputAsync("lease", "grant", "900");
        await etcdctl.OutputAsync("put", "long", new string('z', 50_000));
        await etcdctl.OutputAsync("compact", CompactedAt.ToString(CultureInfo.InvariantCulture));
        await etcdctl.OutputAsync("role", "add", "reader");
        await etcdctl.OutputAsync("role", "grant-permission", "reader", "read", "t1");
        await etcdctl.OutputAsync("user", "add", "ann:secret");
        await etcdctl.OutputAsync("user", "grant-role", "ann", "reader");
        await etcdctl.OutputAsync("user", "add", "root:rootsecret");
        await etcdctl.OutputAsync("user", "grant-role", "root", "root");
        return lease;
    }

    /// <summary>Every key at every revision that can be read, the events of them, and the leases, in the words of etcdctl but for what a new cluster changes.</summary>
    public static async Task<string> ShowAsync(Etcdctl etcdctl, string lease, long newestRevision)
    {
        var shown = new List<string>();
        for (var revision = CompactedAt - 1; revision <= newestRevision + 1; revision++)
        {
            var read = await etcdctl.RunAsync(["get", "--prefix", "", $"--rev={revision}", "-w", "fields"]);
            shown.Add($"revision {revision}: {read.ExitCode}\n{read.Out}\n{LastLine(read.Err)}");
        }
        shown.Add(await WatchAsync(etcdctl, newestRevision));
        shown.Add(await etcdctl.OutputAsync("lease", "timetolive", "--keys", lease));
        var leases = (await etcdctl.OutputAsync("lease", "list")).Split('\n');
        Assert.Equal("found 2 leases", leases[0]);
        foreach (var one in leases[1..].Order(StringComparer.Ordinal))
            shown.Add(await etcdctl.OutputAsync("lease", "timetolive", one.Trim()));
        // etcd lists a lease's keys in any order.
        shown = [.. shown.Select(static text => AttachedKeys().Replace(text, Sorted))];
        // The long value as its length, for the sake of who reads a failure.
        return LongValue().Replace(Varying().Replace(string.Join('\n', shown), "$1..."), static value => $"{value.Length} times z");
    }

    // The newest revision puts the long value: with it, everything has come.
    private static async Task<string> WatchAsync(Etcdctl etcdctl, long newestRevision)
    {
        await using var watch = etcdctl.Start("watch", "--prefix", "", $"--rev={CompactedAt + 1}", "-w", "fields");
        var events = new List<string>();
        while (events.LastOrDefault() != $"\"ModRevision\" : {newestRevision}")
            events.Add(await watch.ReadLineAsync());
        Assert.True(events.Count > 50);
        return string.Join('\n', events);
    }

    private static string Sorted(Match keys) => string.Join(' ', keys.Value.Split(' ').Order(StringComparer.Ordinal));

    private static string LastLine(string text) => text.Split('\n')[^1];

    [GeneratedRegex(@"(?<=attached keys\(\[)[^\]]*(?=\])")]
    private static partial Regex AttachedKeys();

    [GeneratedRegex("z{100,}")]
    private static partial Regex LongValue();

    [GeneratedRegex("""("ClusterID" : |"MemberID" : |"RaftTerm" : |"WatchID" : |remaining\()\d+""")]
    private static partial Regex Varying();
}
