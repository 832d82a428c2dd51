using System.Net;
using EndToEnd.Tests.Maintenance;
using Grpc.Core;

namespace EndToEnd.Tests.Mapping;

/// <summary>
/// Goal: with a prefix configured v2 keys are v3 keys: what is written on one side is read on the other, by whichever member, wakes who waits there, and outlives members. Method: three
/// standalone members, v2 requests to one and etcdctl or gRPC to another; one member that is started with other flags.
/// </summary>
[Needs(Tool.Etcdctl)]
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class MappingTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const string Flag = "--v2-v3-mapping-prefix";

    private readonly TempFolder _folder = new();
    private StandaloneMember[] _members = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
        _folder.Dispose();
    }

    [DeploymentFact]
    public async Task Cluster_WhatOneSideWritesAtOneMember_TheOtherSideHearsAtAnother()
    {
        await StartAsync(3, Flag, "/shared");
        using var v2 = new V2Client(_members[0].Client);
        using var otherV2 = new V2Client(_members[2].Client);
        using var v3 = new V3Client(_members[1].Client);
        var etcdctl = new Etcdctl(_members[1].Client);

        var heardByV3 = await v3.StartWatchAsync("/shared/a/b");
        Assert.Equal(HttpStatusCode.Created, (await v2.PutAsync("v2/keys/a/b", ("value", "from v2"))).Status);
        Assert.Equal("from v2", Assert.Single((await heardByV3).Events).Kv.Value.ToStringUtf8());
        Assert.Equal("/shared/a/b\nfrom v2\n", await etcdctl.OutputAsync("get", "--prefix", "/shared/") + "\n");

        var heardByV2 = await otherV2.StartWaitAsync("v2/keys/a?wait=true&recursive=true");
        await etcdctl.OutputAsync("put", "/shared/a/b", "from v3");
        var change = await heardByV2;
        Assert.Equal(("set", "from v3", "from v2"), (change.Action, change.Node.GetProperty("value").GetString(), change.Body.GetProperty("prevNode").GetProperty("value").GetString()));

        heardByV2 = await otherV2.StartWaitAsync("v2/keys/a/c?wait=true");
        var txn = await etcdctl.RunAsync(["txn"], "value(\"/shared/a/b\") = \"from v3\"\n\nput /shared/a/c \"by txn\"\ndel /shared/a/b\n\n\n");
        Assert.StartsWith("SUCCESS", txn.Out, StringComparison.Ordinal);
        Assert.Equal("by txn", (await heardByV2).Node.GetProperty("value").GetString());
        Assert.Equal(100, (await otherV2.GetAsync("v2/keys/a/b?quorum=true")).ErrorCode);

        await v2.DeleteAsync("v2/keys/a?recursive=true");
        Assert.Equal("", await etcdctl.OutputAsync("get", "--prefix", "/shared/"));
        await RequireRefusalsAsync(v2, v3);
    }

    [DeploymentFact]
    public async Task Times_EndTheKeyOnBothSides()
    {
        await StartAsync(1, Flag, "/shared");
        using var v2 = new V2Client(_members[0].Client);
        var etcdctl = new Etcdctl(_members[0].Client);
        await using var watch = etcdctl.Start("watch", "/shared/short", "--rev", "1");
        await v2.PutAsync("v2/keys/short", ("value", "1"), ("ttl", "1"));
        foreach (var line in (string[])["PUT", "/shared/short", "1", "DELETE", "/shared/short"])
            Assert.Equal(line, await watch.ReadLineAsync());

        var lease = (await etcdctl.OutputAsync("lease", "grant", "60")).Split(' ')[1];
        await etcdctl.OutputAsync("put", "/shared/leased", "1", "--lease", lease);
        var gone = await v2.StartWaitAsync("v2/keys/leased?wait=true");
        await etcdctl.OutputAsync("lease", "revoke", lease);
        Assert.Equal("delete", (await gone).Action);
    }

    [DeploymentFact]
    public async Task Restart_WithoutTheFlagToo_KeepsTheMapping_AndAnotherPrefixIsRefused()
    {
        await StartAsync(1, Flag, "/shared/");
        using (var v2 = new V2Client(_members[0].Client))
            await v2.PutAsync("v2/keys/kept", ("value", "1"));
        await _members[0].KillAsync();

        _members[0].Start(Flag, "/other");
        Assert.Equal(1, await _members[0].Process.WaitForExitAsync());
        Assert.Contains("v2 keys cannot be mapped to v3 keys: v2 keys are mapped to the v3 keys below \\\"/shared/\\\" already, and stay there", _members[0].Process.Err, StringComparison.Ordinal);
        _members[0].Start(Flag, "/larger-than-a-request", "--max-request-bytes", "10");
        Assert.Equal(1, await _members[0].Process.WaitForExitAsync());
        Assert.Contains("v2 keys cannot be mapped to v3 keys: etcdserver: request is too large", _members[0].Process.Err, StringComparison.Ordinal);

        _members[0].Start();
        await _members[0].AwaitHealthAsync();
        using var v3 = new V3Client(_members[0].Client);
        using var again = new V2Client(_members[0].Client);
        Assert.Equal("1", Assert.Single((await v3.RangeAsync("/shared/kept")).Kvs).Value.ToStringUtf8());
        await v3.PutAsync("/shared/new", "2");
        Assert.Equal("2", (await again.GetAsync("v2/keys/new")).Node.GetProperty("value").GetString());
    }

    [DeploymentFact]
    public async Task Start_OnDataOfBothSides_SaysWhatIsInTheWay_AndOnV2DataAloneTakesItOver()
    {
        await StartAsync(1);
        using (var v2 = new V2Client(_members[0].Client))
        using (var v3 = new V3Client(_members[0].Client))
        {
            await v2.PutAsync("v2/keys/a", ("value", "1"));
            await v3.PutAsync("/shared/b", "2");
            Assert.Empty((await v3.RangeAsync("/shared/a")).Kvs);
        }
        await _members[0].StopAsync();
        _members[0].Start(Flag, "/shared");
        Assert.Equal(1, await _members[0].Process.WaitForExitAsync());
        Assert.Contains("there are v2 keys, and v3 keys below \\\"/shared/\\\" such as \\\"/shared/b\\\"", _members[0].Process.Err, StringComparison.Ordinal);

        _members[0].Start(Flag, "/empty");
        await _members[0].AwaitHealthAsync();
        using var client = new V3Client(_members[0].Client);
        Assert.Equal("1", Assert.Single((await client.RangeAsync("/empty/a")).Kvs).Value.ToStringUtf8());
    }

    [DeploymentFact]
    public async Task Member_ThatComesLate_HasTheMappingFromASnapshot()
    {
        await StartAsync(3, Flag, "/shared", "--snapshot-count", "10");
        await _members[2].KillAsync();
        using var v2 = new V2Client(_members[0].Client);
        using var v3 = new V3Client(_members[0].Client);
        for (var n = 0; n < 200; n++)
        {
            await v2.PutAsync($"v2/keys/a{n}", ("value", $"{n}"));
            await v3.PutAsync($"/shared/b{n}", $"{n}");
        }
        Directory.Delete(_members[2].StorageFolder, recursive: true);
        _members[2].Start();
        await _members[2].AwaitHealthAsync();
        using var late = new V2Client(_members[2].Client);
        await late.PutAsync("v2/keys/late", ("value", "1"));
        var files = (await late.GetAsync("v2/keys/?quorum=true")).Node.GetProperty("nodes").EnumerateArray()
            .Select(node => ("/shared" + node.GetProperty("key").GetString(), node.GetProperty("value").GetString())).Order();
        using var lateV3 = new V3Client(_members[2].Client);
        Assert.Equal(files, (await lateV3.RangeAsync("/shared/", "/shared0")).Kvs.Select(row => (row.Key.ToStringUtf8(), (string?)row.Value.ToStringUtf8())));
    }

    private async Task StartAsync(int members, params string[] flags)
    {
        _members = StandaloneMember.Cluster(members, _folder.Path);
        foreach (var member in _members)
            member.Start(flags);
        foreach (var member in _members)
            await member.AwaitHealthAsync();
    }

    private static async Task RequireRefusalsAsync(V2Client v2, V3Client v3)
    {
        await v2.PutAsync("v2/keys/dir/file", ("value", "1"));
        await v2.PutAsync("v2/keys/_hidden", ("value", "1"));
        foreach (var (key, code, text) in ((string, StatusCode, string)[])
        [
            ("/shared/dir", StatusCode.FailedPrecondition, "etcdserver: key is a directory of v2"),
            ("/shared/dir/file/x", StatusCode.FailedPrecondition, "etcdserver: key lies below a file of v2"),
            ("/shared/dir//x", StatusCode.InvalidArgument, "etcdserver: key below the prefix of v2 keys can be no v2 key"),
            ("/shared/_hidden", StatusCode.InvalidArgument, "etcdserver: key below the prefix of v2 keys can be no v2 key"),
        ])
        {
            var refused = await Assert.ThrowsAsync<RpcException>(() => v3.PutAsync(key, "1"));
            Assert.Equal((code, text), (refused.StatusCode, refused.Status.Detail));
        }
        Assert.Equal(["/shared/dir/file"], (await v3.RangeAsync("/shared/", "/shared0")).Kvs.Select(row => row.Key.ToStringUtf8()));
    }
}
