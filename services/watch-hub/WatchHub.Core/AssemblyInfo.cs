using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("WatchHub.Tests")]
