using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Images;
using DotNet.Testcontainers.Networks;
using DotNet.Testcontainers.Volumes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EndToEnd.Tests.Containers;

/// <summary>
/// One container of each service of compose.yaml, three of consensus, on a network and volumes of this test's own, which a snapshot may be restored into before the start. Containers are
/// killed and cut off by the names of their services.
/// </summary>
internal sealed class ContainerStack : IAsyncDisposable
{
    private const int ClientPort = 2379, OldClientPort = 4001;
    private const string Data = "/data", Backup = "/backup.db", Gateway = "api-gateway";
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromMinutes(3);

    private readonly ComposeProject _project = new("compose.yaml", new Dictionary<string, string?> { ["DURABLE_REPLICAS"] = "1" });
    private readonly Dictionary<string, IVolume> _volumes = [];
    private readonly Dictionary<string, IContainer> _containers = [];
    private INetwork? _network;

    private ContainerStack()
    {
    }

    public Uri Client => Published(ClientPort);

    public Uri OldClient => Published(OldClientPort);

    /// <summary>Names of the members of consensus.</summary>
    public IReadOnlyList<string> Members => [.. _containers.Keys.Where(static name => name.StartsWith("consensus-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>A stack that has not started, with a network and empty volumes. The images must have been built.</summary>
    public static async Task<ContainerStack> CreateAsync()
    {
        await TestcontainersSetup.PrepareAsync();
        var stack = new ContainerStack();
        try
        {
            await stack.MakeAsync();
        }
        catch (Exception)
        {
            await stack.DisposeAsync();
            throw;
        }
        return stack;
    }

    /// <summary>Makes the data of every member and of the storage replica from a snapshot, each with our own command in a container.</summary>
    /// <exception cref="InvalidOperationException">One of them failed; with what it said.</exception>
    public async Task RestoreAsync(string file)
    {
        var program = (await ShippedServices.ReadAsync(new ComposeProject("compose.single.yaml", new Dictionary<string, string?>()))).Single();
        var cluster = string.Join(',', Members.Select(static name => $"{name}={PeerUrl(name)}"));
        await Task.WhenAll(_volumes.Select(volume =>
        {
            var isMember = Members.Contains(volume.Key);
            var member = isMember ? volume.Key : Members[0];
            return RunToEndAsync(program.Image, volume.Value, file, [
                "snapshot", "restore", Backup, isMember ? "--consensus-dir" : "--storage-dir", Data, "--name", member, "--initial-advertise-peer-urls", PeerUrl(member),
                "--initial-cluster", cluster, "--initial-cluster-token", "distributed",
            ]);
        }));
    }

    /// <summary>Starts every container and waits until all are healthy.</summary>
    public async Task StartAsync()
    {
        using var patience = new CancellationTokenSource(s_startDeadline);
        await Task.WhenAll(_containers.Values.Select(container => container.StartAsync(patience.Token)));
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(string service) => _project.DockerAsync("kill", _containers[service].Id);

    /// <summary>Starts one that was killed, and waits until it is healthy.</summary>
    public async Task StartAsync(string service)
    {
        using var patience = new CancellationTokenSource(s_startDeadline);
        await _containers[service].StartAsync(patience.Token);
    }

    /// <summary>Takes a container off the network: it runs on, alone.</summary>
    public Task DisconnectAsync(string service) => _project.DockerAsync("network", "disconnect", _network!.Name, _containers[service].Id);

    /// <summary>Puts it back, and waits until it is healthy.</summary>
    public async Task ConnectAsync(string service)
    {
        await _project.DockerAsync("network", "connect", "--alias", service, _network!.Name, _containers[service].Id);
        await Poll.UntilAsync($"{service} to be healthy", s_startDeadline, async () =>
            (await _project.DockerAsync("inspect", "--format", "{{.State.Health.Status}}", _containers[service].Id)).Trim() == "healthy");
    }

    /// <summary>What all containers wrote.</summary>
    public async Task<string> LogAsync()
    {
        var logs = _containers.Where(static one => one.Value.State != TestcontainersStates.Undefined).Select(static async one =>
        {
            var (written, errors) = await one.Value.GetLogsAsync();
            return $"{one.Key}:\n{written}\n{errors}";
        });
        return string.Join('\n', await Task.WhenAll(logs));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var container in _containers.Values)
            await container.DisposeAsync();
        foreach (var volume in _volumes.Values)
            await volume.DisposeAsync();
        if (_network is not null)
            await _network.DisposeAsync();
    }

    private static string PeerUrl(string member) => $"http://{member}:8080";

    private Uri Published(int port) => new UriBuilder("http", _containers[Gateway].Hostname, _containers[Gateway].GetMappedPublicPort(port)).Uri;

    private async Task MakeAsync()
    {
        _network = new NetworkBuilder().WithLogger(NullLogger.Instance).Build();
        await _network.CreateAsync();
        foreach (var service in await ShippedServices.ReadAsync(_project))
        {
            var container = new ContainerBuilder(service.Image)
                .WithImagePullPolicy(PullPolicy.Never)
                .WithLogger(NullLogger.Instance)
                .WithNetwork(_network)
                .WithNetworkAliases(service.Name)
                .WithEnvironment(service.Environment)
                .WithTmpfsMount("/tmp")
                .WithCreateParameterModifier(static parameters =>
                {
                    var confined = parameters.HostConfig!;
                    confined.ReadonlyRootfs = true;
                    confined.CapDrop = ["ALL"];
                    confined.SecurityOpt = ["no-new-privileges:true"];
                })
                .WithWaitStrategy(Wait.ForUnixContainer().UntilContainerIsHealthy(failingStreak: 20));
            if (service.KeepsData)
            {
                var volume = _volumes[service.Name] = new VolumeBuilder().WithLogger(NullLogger.Instance).Build();
                await volume.CreateAsync();
                container = container.WithVolumeMount(volume, Data);
            }
            if (service.Name == Gateway)
                container = container.WithPortBinding(ClientPort, assignRandomHostPort: true).WithPortBinding(OldClientPort, assignRandomHostPort: true);
            _containers[service.Name] = container.Build();
        }
    }

    private static async Task RunToEndAsync(string image, IVolume volume, string file, string[] command)
    {
        // The containers' user is none of this machine's.
        const UnixFileModes Readable = UnixFileModes.UserRead | UnixFileModes.GroupRead | UnixFileModes.OtherRead;
        await using var container = new ContainerBuilder(image)
            .WithImagePullPolicy(PullPolicy.Never)
            .WithLogger(NullLogger.Instance)
            .WithVolumeMount(volume, Data)
            .WithResourceMapping(new FileInfo(file), new FileInfo(Backup), fileMode: Readable)
            .WithCommand(command)
            .Build();
        using var patience = new CancellationTokenSource(s_startDeadline);
        await container.StartAsync(patience.Token);
        var code = await container.GetExitCodeAsync(patience.Token);
        if (code != 0)
        {
            var (written, errors) = await container.GetLogsAsync(ct: patience.Token);
            throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}:\n{written}\n{errors}");
        }
    }
}
