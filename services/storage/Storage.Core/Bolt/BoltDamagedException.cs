namespace Storage.Core.Bolt;

#pragma warning disable CA1032 // It is thrown with a message.
/// <summary>The file is no database, or not a whole and sound one (I11).</summary>
public sealed class BoltDamagedException(string message) : Exception(message);
