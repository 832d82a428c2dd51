namespace Chaos.Tests.Harness;

/// <summary>A stack of containers for the scenarios of a class, one after the other, as <see cref="SharedCluster"/> is a cluster of processes.</summary>
public sealed class SharedStack : IAsyncLifetime
{
    // Clients of one scenario, and with them its keys, are numbered from a multiple of it.
    private const int ClientsOfOne = 10_000;

    private ComposeStack? _stack;
    private int _scenarios;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Runs a scenario; it gets the number of its first client.</summary>
    public async Task RunAsync(Func<ComposeStack, int, Task> scenario)
    {
        var stack = _stack ?? await ComposeStack.StartAsync(changes: null);
        _stack = null;
        try
        {
            await scenario(stack, _scenarios++ * ClientsOfOne);
            _stack = stack;
        }
        finally
        {
            if (_stack is null)
                await stack.DisposeAsync();
        }
    }

    public async Task DisposeAsync()
    {
        if (_stack is not null)
            await _stack.DisposeAsync();
    }
}
