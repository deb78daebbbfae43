"""The formgrader's server: nbgrader's pages on the course, and JupyterLab to read its notebooks. Nothing runs in it.

It has the rights of the grading user: a cell of a submission that ran here could read the hidden tests and write
grades. So there are no kernels and no terminals; instructors run notebooks in servers of their own.
"""

from typing import Any, NoReturn

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

c = get_config()  # noqa: F821  # traitlets defines it in the namespace that it runs this file in

c.ServerApp.jpserver_extensions = {
    "nbgrader.server_extensions.formgrader": True,
    "nbgrader.server_extensions.assignment_list": False,
    "nbgrader.server_extensions.validate_assignment": False,  # it runs kernels
    "nbgrader.server_extensions.course_list": False,  # JupyterHub's own menu of services leads here
    "jupyter_lsp": False,  # starts programs on what it is shown
}


class NoKernels(AsyncMappingKernelManager):
    """Refuses to start any. A list of allowed kernels does not do: Jupyter starts its own Python all the same."""

    async def start_kernel(self, *arguments: Any, **settings: Any) -> NoReturn:
        raise HTTPError(403, "Nothing runs beside the gradebook: open this notebook in your own server.")


c.ServerApp.kernel_manager_class = NoKernels
c.KernelSpecManager.allowed_kernelspecs = {"none"}  # no kernel has this name: none is offered
c.KernelSpecManager.ensure_native_kernel = False
c.ServerApp.terminals_enabled = False
c.LabApp.extension_manager = "readonly"

# JupyterLab shows the formgrader in a frame of its own origin, which JupyterHub forbids unless a policy is set: the
# frame stays blank (https://github.com/jupyter/nbgrader/issues/1870). No other origin may frame it.
c.ServerApp.tornado_settings = {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}}
