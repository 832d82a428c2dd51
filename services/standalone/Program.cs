using System.Collections;
using Hosting.Logging;
using Standalone;

var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
    .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "");
PlainTerminal.Use();
return Cli.Run(args, environment);
