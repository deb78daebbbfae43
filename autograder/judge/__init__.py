"""The judge's side: starts the sandbox, talks to the student's processes, and believes nothing that they say."""
