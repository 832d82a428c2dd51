namespace WatchHub.Client;

/// <summary>How a client spreads over hubs, and when one counts as lost although its connection stands.</summary>
public sealed record WatchHubClientOptions
{
    /// <summary>A hub that said nothing for so long is lost; hubs beat several times within it.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>First wait before a lost hub is called again; doubles up to <see cref="ReconnectMax"/>.</summary>
    public TimeSpan ReconnectMin { get; init; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a session that is to be opened waits for a hub when there is none.</summary>
    public TimeSpan OpenLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Time between two looks at which hubs there are.</summary>
    public TimeSpan DiscoveryInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two looks at how the sessions are spread.</summary>
    public TimeSpan MoveInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Share of all sessions that moves each second to even the load out: a hub that has come fills slowly.</summary>
    public double EvenOutPerSecond { get; init; } = 0.05;

    /// <summary>The same from a hub that stops, or hears nothing from storage: all of them within about a second.</summary>
    public double LeavePerSecond { get; init; } = 1;
}
