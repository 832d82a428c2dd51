namespace Linearizability.History;

/// <summary>One request of a client: what it asked, when, and what it was told, if anything.</summary>
/// <param name="Client">Who asked; for display only.</param>
/// <param name="Input">What was asked.</param>
/// <param name="Output">What was answered; the default when undecided.</param>
/// <param name="Call">When it was asked: ticks of one monotonic clock shared by all clients.</param>
/// <param name="Return">When the answer was there; <see cref="Never"/> when undecided.</param>
public sealed record Operation<TInput, TOutput>(int Client, TInput Input, TOutput? Output, long Call, long Return)
{
    /// <summary>The return time of an operation whose outcome its client never learned.</summary>
    public const long Never = long.MaxValue;

    /// <summary>
    /// False when the client got an error that leaves open whether the request took effect, or no answer: it may take effect at any time after
    /// its call, or never.
    /// </summary>
    public bool IsDecided => Return != Never;
}

/// <summary>Makes operations.</summary>
public static class Operation
{
    public static Operation<TInput, TOutput> Decided<TInput, TOutput>(int client, TInput input, TOutput output, long call, long @return)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(@return, call);
        return new(client, input, output, call, @return);
    }

    public static Operation<TInput, TOutput> Undecided<TInput, TOutput>(int client, TInput input, long call) =>
        new(client, input, default, call, Operation<TInput, TOutput>.Never);
}
