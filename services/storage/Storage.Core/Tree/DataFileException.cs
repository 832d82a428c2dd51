namespace Storage.Core.Tree;

#pragma warning disable CA1032 // The message is the whole point: it tells the operator what to do.
/// <summary>The file cannot be opened: not ours, of a newer format, or damaged beyond its last two commits.</summary>
public sealed class DataFileException(string message) : Exception(message);
