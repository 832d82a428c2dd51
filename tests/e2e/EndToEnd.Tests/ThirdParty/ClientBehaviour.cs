using System.Runtime.CompilerServices;
using Etcdserverpb;
using Google.Protobuf;

namespace EndToEnd.Tests.ThirdParty;

/// <summary>Goal: client libraries that people use do not notice whom they talk to. Method: a script for each uses all of it that people use and checks every answer; it runs on real etcd as well.</summary>
public abstract class ClientBehaviour(DeploymentFixture fixture)
{
    protected static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);

    protected Uri Client => fixture.Deployment.Client;

    /// <summary>Of keys that no other test uses.</summary>
    protected static string Prefix([CallerMemberName] string test = "") => $"{test}-{Guid.NewGuid():N}";

    /// <summary>Runs a script of this folder's; it says whether every answer was right.</summary>
    protected static async Task RunAsync(string program, string script, params string[] arguments)
    {
        var path = Path.Combine(Repository.Root, "tests", "e2e", "EndToEnd.Tests", "ThirdParty", "Scripts", script);
        await using var process = ChildProcess.Start(program, [path, .. arguments]);
        process.Input.Close();
        var code = await process.WaitForExitAsync(Deadline);
        Assert.True(code == 0 && process.Out.Trim() == "ok", $"{script} ended with {code}:\n{process.Out}\n{process.Err}");
    }
}

/// <summary>Clients of NuGet's.</summary>
public abstract class DotnetBehaviour(DeploymentFixture fixture) : ClientBehaviour(fixture)
{

    /// <summary>dotnet-etcd (NuGet, gRPC).</summary>
    [DeploymentFact]
    public async Task DotnetEtcd_AllThatPeopleUse_IsAnsweredRightly()
    {
        var prefix = Prefix();
        using var client = new dotnet_etcd.EtcdClient(Client.ToString().TrimEnd('/'), configureChannelOptions: options => options.Credentials = Grpc.Core.ChannelCredentials.Insecure);
        Assert.Equal("", await client.GetValAsync(prefix + "none"));
        var put = await client.PutAsync(prefix + "a", "1");
        await client.PutAsync(prefix + "b", "2");
        Assert.Equal("1", await client.GetValAsync(prefix + "a"));
        Assert.Equal(["1", "2"], (await client.GetRangeValAsync(prefix)).Values);
        var won = await client.TransactionAsync(new TxnRequest
        {
            Compare = { new Compare { Key = ByteString.CopyFromUtf8(prefix + "a"), Target = Compare.Types.CompareTarget.Version, Result = Compare.Types.CompareResult.Equal, Version = 1 } },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8(prefix + "a"), Value = ByteString.CopyFromUtf8("3") } } },
        });
        Assert.True(won.Succeeded);

        var lease = await client.LeaseGrantAsync(new LeaseGrantRequest { TTL = 60 });
        await client.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8(prefix + "leased"), Lease = lease.ID });
        Assert.Equal(60, (await client.LeaseTimeToLiveAsync(new LeaseTimeToLiveRequest { ID = lease.ID, Keys = true })).GrantedTTL);
        await client.LeaseRevokeAsync(new LeaseRevokeRequest { ID = lease.ID });
        Assert.Equal(0, (await client.GetAsync(prefix + "leased")).Count);

        // From a past revision, so that nothing depends on when the watch is in place.
        var heard = new TaskCompletionSource<IReadOnlyList<Mvccpb.Event>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var events = new List<Mvccpb.Event>();
        using var enough = new CancellationTokenSource(Deadline);
        var watch = client.WatchAsync(
            new WatchRequest { CreateRequest = new WatchCreateRequest { Key = ByteString.CopyFromUtf8(prefix + "a"), StartRevision = put.Header.Revision } },
            (WatchResponse response) =>
            {
                events.AddRange(response.Events);
                if (events.Count == 2)
                    heard.TrySetResult(events);
            },
            cancellationToken: enough.Token);
        Assert.Equal(["1", "3"], (await heard.Task.WaitAsync(Deadline)).Select(one => one.Kv.Value.ToStringUtf8()));
        await enough.CancelAsync();
        try
        {
            await watch;
        }
        catch (Exception error) when (error is OperationCanceledException or Grpc.Core.RpcException { StatusCode: Grpc.Core.StatusCode.Cancelled })
        {
            // As asked for.
        }

        Assert.NotEmpty((await client.MemberListAsync(new MemberListRequest())).Members);
        Assert.StartsWith("3.5", (await client.StatusAsync(new StatusRequest())).Version, StringComparison.Ordinal);
        Assert.Equal(2, (await client.DeleteRangeAsync(prefix)).Deleted);
    }
}

/// <summary>Clients in Python, of Debian's packages.</summary>
public abstract class PythonBehaviour(DeploymentFixture fixture) : ClientBehaviour(fixture)
{
    /// <summary>python3-etcd3 (gRPC).</summary>
    [DeploymentFact]
    public Task PythonEtcd3_AllThatPeopleUse_IsAnsweredRightly() => PythonAsync("python_etcd3.py");

    /// <summary>python3-etcd3gw (JSON gateway; OpenStack's).</summary>
    [DeploymentFact]
    public Task PythonEtcd3gw_AllThatPeopleUse_IsAnsweredRightly() => PythonAsync("python_etcd3gw.py");

    /// <summary>python3-etcd (v2).</summary>
    [DeploymentFact]
    public Task PythonEtcd_AllThatPeopleUse_IsAnsweredRightly() => PythonAsync("python_etcd.py");

    /// <summary>python3-tooz (OpenStack's coordination), through its drivers for v3 and v2.</summary>
    [DeploymentFact]
    public Task PythonTooz_AllThatPeopleUse_IsAnsweredRightly() => PythonAsync("python_tooz.py");

    private Task PythonAsync(string script) => RunAsync(Toolbox.Python, script, Client.Host, $"{Client.Port}", Prefix() + "/");
}

/// <summary>Clients of npm's.</summary>
public abstract class NodeBehaviour(DeploymentFixture fixture) : ClientBehaviour(fixture)
{
    /// <summary>etcd3 (gRPC).</summary>
    [DeploymentFact]
    public Task NodeEtcd3_AllThatPeopleUse_IsAnsweredRightly() => RunAsync("node", "node_etcd3.js", Client.Authority, Prefix() + "/");

    /// <summary>node-etcd (v2).</summary>
    [DeploymentFact]
    public Task NodeEtcd_AllThatPeopleUse_IsAnsweredRightly() => RunAsync("node", "node_etcd.js", Client.ToString().TrimEnd('/'), Prefix());
}
