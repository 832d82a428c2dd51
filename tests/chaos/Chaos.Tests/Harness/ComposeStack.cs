using Chaos.Tests.Workload;

namespace Chaos.Tests.Harness;

/// <summary>One gateway of a stack of containers, past the proxy.</summary>
public sealed record StackGateway(int Number, Uri Endpoint) : IClientTarget
{
    public IEtcdConnection Connect() => new OneEndpoint(Endpoint);
}

/// <summary>The stack that users start, as a project of its own, both of its gateways reachable by themselves.</summary>
public sealed class ComposeStack : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int[] _ports = Ports.Free(2);
    private readonly int _firstGateway = Ports.FreeRange(2);

    private ComposeStack(string? changes)
    {
        // One port of the range for each of the two.
        var direct = _folder.Sub("direct.yaml");
        File.WriteAllText(
            direct, $"services:\n  api-gateway:\n    networks: [internal, clients]\n    ports: [\"127.0.0.1:{_firstGateway}-{_firstGateway + 1}:2379\"]\n");
        Project = new ComposeProject("compose.yaml", new Dictionary<string, string?>
        {
            ["CLIENT_PORT"] = $"{_ports[0]}",
            ["CLIENT_PORT_OLD"] = $"{_ports[1]}",
            ["PUBLISH_ADDRESS"] = "127.0.0.1",
        }, changes is null ? [direct] : [direct, changes]);
        Gateways = [.. Enumerable.Range(0, 2).Select(n => new StackGateway(n, new Uri($"http://127.0.0.1:{_firstGateway + n}/")))];
    }

    public ComposeProject Project { get; }

    public IReadOnlyList<StackGateway> Gateways { get; }

    /// <summary>Starts it, and waits until every container is healthy.</summary>
    /// <param name="changes">The path of a compose file that says what is otherwise; null: nothing is.</param>
    public static async Task<ComposeStack> StartAsync(string? changes)
    {
        var stack = new ComposeStack(changes);
        try
        {
            await stack.Project.BuildAsync();
            await stack.Project.ComposeAsync(ComposeProject.UpDeadline, "up", "--detach", "--wait");
            return stack;
        }
        catch (InvalidOperationException error)
        {
            await using var _ = stack;
            throw new InvalidOperationException($"{error.Message}\n{await stack.LogAsync()}", error);
        }
    }

    /// <summary>The end of what all containers wrote.</summary>
    public Task<string> LogAsync() => Project.ComposeAsync(ComposeProject.UpDeadline, "logs", "--no-color", "--tail", "60");

    public async ValueTask DisposeAsync()
    {
        await Project.ComposeAsync(ComposeProject.UpDeadline, "down", "--volumes", "--timeout", "0");
        _folder.Dispose();
    }
}
