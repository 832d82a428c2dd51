namespace WatchHub.Messages;

/// <summary>A member has an alarm that it did not have when the feed last looked.</summary>
public sealed record AlarmRaised : StoreMessage
{
    /// <summary>NOSPACE or CORRUPT.</summary>
    public string Alarm { get; init; } = "";

    /// <summary>Member id in hexadecimal.</summary>
    public string Member { get; init; } = "";
}
