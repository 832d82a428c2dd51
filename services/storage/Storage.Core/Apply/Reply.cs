using Storage.Contracts;
using Storage.Core.Reads;

namespace Storage.Core.Apply;

/// <summary>What a command's own code answers; index, term and revision are added around it.</summary>
/// <param name="Error">None on success.</param>
/// <param name="Body">See <see cref="CommandResult.Body"/>.</param>
/// <param name="Detail">See <see cref="CommandResult.Detail"/>.</param>
public readonly record struct Reply(StorageError Error, ReadOnlyMemory<byte> Body = default, int Detail = 0)
{
    public static Reply Ok => default;

    /// <summary>Success with an answer, or without one: the command took effect, and its answer is more than can be sent.</summary>
    public static Reply Of(BodyBuffer body) => body.IsTooLarge ? new Reply(StorageError.AnswerTooLarge) : new Reply(StorageError.None, body.Written);
}
