using System.Globalization;

namespace EndToEnd.Tests.Sidecars;

/// <summary>
/// Five processes of which the gateway knows hub and lease manager by app ids alone, and the sidecar that knows where these are. Of each there is an id more: of a hub that a test may add, and of a lease manager
/// that is not there.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class AppIdFixture : IAsyncLifetime
#pragma warning restore CA1001
{
    public const string Token = "hush-4b7d0-token";

    public AppIdFixture()
    {
        var ports = Ports.Free(3);
        var port = ports[0];
        SecondHub = ports[1];
        Deployment = new FiveProcessesDeployment
        {
            GatewayArguments = ["--Services:WatchHub", "dapr:watch-hub-1,dapr:watch-hub-2", "--Services:LeaseManager", "dapr:lease-manager-1,dapr:lease-manager-2"],
            Environment = { ["DAPR_GRPC_PORT"] = port.ToString(CultureInfo.InvariantCulture), ["DAPR_API_TOKEN"] = Token, ["LogLevel"] = "debug" },
        };
        Sidecar = new FakeSidecar(port, Token, new Dictionary<string, Uri>
        {
            ["watch-hub-1"] = Deployment.Grpc("WatchHub"),
            ["watch-hub-2"] = new($"http://127.0.0.1:{SecondHub}/"),
            ["lease-manager-1"] = Deployment.Grpc("LeaseManager"),
            ["lease-manager-2"] = new($"http://127.0.0.1:{ports[2]}/"),
        });
    }

    /// <summary>Where the second hub is to serve.</summary>
    public int SecondHub { get; }

    public FiveProcessesDeployment Deployment { get; }

    internal FakeSidecar Sidecar { get; }

    public async Task InitializeAsync()
    {
        // Where there is no etcdctl its tests are skipped by name.
        if (Toolbox.WhyMissing(Tool.Etcdctl) is not null && !Toolbox.IsCi)
            return;
        await Sidecar.StartAsync();
        await Deployment.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Deployment.DisposeAsync();
        await Sidecar.DisposeAsync();
    }
}
