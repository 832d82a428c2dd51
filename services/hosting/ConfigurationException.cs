#pragma warning disable CA1032 // One constructor: the message is all there is.
namespace Hosting;

/// <summary>The process was told something it cannot work with; the message says what, on one line.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
