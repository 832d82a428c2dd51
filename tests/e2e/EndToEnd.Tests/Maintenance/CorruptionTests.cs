using EtcdApi.Mvccpb;
using Google.Protobuf;
using Grpc.Core;
using Storage.Core.Mvcc;
using Storage.Core.Tree;
using Storage.Host;

namespace EndToEnd.Tests.Maintenance;

/// <summary>
/// Goal: a member whose data differs from the others' is found out (I11): it refuses to start when told to compare, and the leader's comparisons end all writes
/// when it runs; one of another cluster that got the address of a member is none of that. Method: three members, a row of one's data file changed while it is stopped.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class CorruptionTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Members = 3;
    private static readonly string[] s_periodicCheck = ["--experimental-corrupt-check-time", "500ms"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private StandaloneMember[] _members = [];

    public async Task InitializeAsync()
    {
        _members = StandaloneMember.Cluster(Members, _folder.Path);
        await StartAllAsync();
        using var client = new V3Client(_members[0].Client);
        for (var n = 0; n < 20; n++)
            await client.PutAsync($"key{n}", "value");
    }

    public async Task DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
        _folder.Dispose();
    }

    [DeploymentFact]
    public async Task InitialCheck_AMemberThatDiffers_RefusesToStartAndOneThatDoesNotStarts()
    {
        await _members[1].StopAsync();
        _members[1].Start("--experimental-initial-corrupt-check");
        await _members[1].AwaitHealthAsync();
        Assert.Contains("initial corruption checking passed: 2 of 2 peers", _members[1].Process.Err, StringComparison.Ordinal);

        await _members[1].StopAsync();
        await ChangeARowAsync(_members[1]);
        _members[1].Start("--experimental-initial-corrupt-check");
        Assert.Equal(1, await _members[1].Process.WaitForExitAsync());
        Assert.Contains("found data inconsistency with peers", _members[1].Process.Err, StringComparison.Ordinal);
    }

    [DeploymentFact]
    public async Task PeriodicCheck_AMemberDiffers_AlarmCorruptEndsWritesAndReadsGoOn()
    {
        await _members[2].StopAsync();
        await ChangeARowAsync(_members[2]);
        _members[2].Start(s_periodicCheck);
        await _members[2].AwaitHealthAsync();
        using var client = new V3Client(_members[0].Client);
        await Poll.UntilAsync("alarm CORRUPT", s_patience, async () =>
            (await client.StatusAsync()).Errors.Any(error => error.Contains("alarm:CORRUPT", StringComparison.Ordinal)));
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.PutAsync("a", "b"));
        Assert.Equal((StatusCode.DataLoss, "etcdserver: corrupt cluster"), (refused.StatusCode, refused.Status.Detail));
        Assert.Single((await client.RangeAsync("key1")).Kvs);
    }

    [DeploymentFact]
    public async Task PeriodicCheck_AMemberOfAnotherClusterAtAnAddress_IsNoneOfOurs()
    {
        await _members[2].StopAsync();
        await using var other = _members[2].Replace("other");
        other.Start();
        await other.AwaitHealthAsync();
        using var foreign = new V3Client(other.Client);
        for (var n = 0; n < 20; n++)
            await foreign.PutAsync($"key{n}", "other value");
        using var client = new V3Client(_members[0].Client);
        await Poll.UntilAsync("a comparison that asked it", s_patience, async () =>
        {
            Assert.Empty((await client.StatusAsync()).Errors);
            return _members.Take(2).SelectMany(static member => member.Process.Err.Split('\n')).Any(static line =>
                line.Contains("a peer is not compared with", StringComparison.Ordinal) && line.Contains("cluster ID mismatch", StringComparison.Ordinal));
        });
        await client.PutAsync("a", "b");
    }

    // All with the check: whichever leads compares.
    private async Task StartAllAsync()
    {
        foreach (var member in _members)
            member.Start(s_periodicCheck);
        foreach (var member in _members)
            await member.AwaitHealthAsync();
    }

    private static async Task ChangeARowAsync(StandaloneMember member)
    {
        var data = StorageData.Open(member.StorageFolder);
        var record = new KeyValue
        {
            Key = ByteString.CopyFromUtf8("key0"), Value = ByteString.CopyFromUtf8("other"), CreateRevision = 2, ModRevision = 2, Version = 1,
        };
        data.Tree.Put(TableId.Revisions, RevisionKey.Write(new byte[RevisionKey.MaxBytes], new Revision(2, 0), tombstone: false), record.ToByteArray());
        var commit = data.Tree.BeginCommit()!;
        commit.WriteTo(data.Device);
        data.Tree.CompleteCommit(commit);
        await data.Owned!.DisposeAsync();
    }
}
