namespace Storage.Core.Tree;

#pragma warning disable CA1032 // The message is the whole point: it tells the operator what to do.
/// <summary>The file cannot be opened: not ours, of a newer format, or damaged beyond its last two commits.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="isDamage">It is ours, and was whole once. Otherwise it must not be touched.</param>
public sealed class DataFileException(string message, bool isDamage = false) : Exception(message)
{
    public bool IsDamage { get; } = isDamage;
}
