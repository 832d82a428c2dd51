namespace WatchHub.Messages;

/// <summary>What all messages of a feed have: the attributes of CloudEvents 1.0, spelled in JSON as CloudEvents spells them, and the feed.</summary>
/// <remarks>
/// <see cref="Source"/> and <see cref="Id"/> together name one event for ever: a message that comes again, after a restart or a failure in between, has the same two. MassTransit's
/// <c>MessageId</c> is made of both, so it is the same as well.
/// </remarks>
public abstract record StoreMessage
{
    /// <summary>Version of CloudEvents.</summary>
    public string Specversion { get; init; } = "1.0";

    /// <summary>Unique within <see cref="Source"/>.</summary>
    public string Id { get; init; } = "";

    /// <summary>The cluster: <c>/distributed/clusters/</c> and its id in hexadecimal.</summary>
    public string Source { get; init; } = "";

    /// <summary>One of <see cref="MessageTypes"/>.</summary>
    public string Type { get; init; } = "";

    /// <summary>What it is about: of a key's change the key in UTF-8, or <c>base64:</c> and its bytes where they are no UTF-8.</summary>
    public string Subject { get; init; } = "";

    /// <summary>
    /// When the feed handed the message to the broker, by the clock of the feed's machine. Not when the change was made: the store keeps no such time. It lies after the change, by as
    /// much as the feed was behind; a message that comes again has another. For an order use revisions.
    /// </summary>
    public DateTimeOffset Time { get; init; }

    /// <summary>Name of the feed.</summary>
    public string Feed { get; init; } = "";
}
