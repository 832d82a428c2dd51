namespace WatchHub.Feed.Core.Delivery;

/// <summary>What became of one attempt to publish.</summary>
public enum SendOutcome
{
    /// <summary>The broker has it.</summary>
    Confirmed,

    /// <summary>The broker is away, blocks, or said nothing: it says nothing about this message.</summary>
    Unavailable,

    /// <summary>The broker does not let the feed in, or not write to its exchange, until somebody sets that right: it says nothing about this message.</summary>
    NotAllowed,

    /// <summary>The broker does not want this message.</summary>
    Refused,

    /// <summary>The broker did not want one of those that were under way. Sent while no other suspect is, it counts as refused.</summary>
    Suspected,

    /// <summary>It is larger than the broker takes: no further attempt helps.</summary>
    TooLarge,
}

/// <summary>What follows.</summary>
public enum DeliveryStep
{
    Done,
    Again,
    DeadLetter,
}

/// <summary>When a message is given up: after a number of refusals, and never because the broker is away or does not let the feed in.</summary>
public static class DeliveryRule
{
    /// <summary>What an outcome comes to when the message was the only suspect.</summary>
    public static SendOutcome Alone(SendOutcome outcome) => outcome == SendOutcome.Suspected ? SendOutcome.Refused : outcome;

    /// <param name="outcome">Of the last attempt.</param>
    /// <param name="refusals">Attempts that were refused, the last included.</param>
    /// <param name="maxRefusals">So many make a dead letter.</param>
    public static DeliveryStep After(SendOutcome outcome, int refusals, int maxRefusals) => outcome switch
    {
        SendOutcome.Confirmed => DeliveryStep.Done,
        SendOutcome.TooLarge => DeliveryStep.DeadLetter,
        SendOutcome.Refused when refusals >= maxRefusals => DeliveryStep.DeadLetter,
        _ => DeliveryStep.Again,
    };
}
