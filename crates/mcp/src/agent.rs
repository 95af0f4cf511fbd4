//! The protocol's handler: what clients may request, and the answers. There is one for each session or, in revisions
//! without sessions, for each request.

use std::{borrow::Cow, sync::Arc};

use boardwire_gate::{Charge, ConnectionPermit, Gate};
use boardwire_protocol::{Code, CommandGroup, ErrorBody};
use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, Extensions,
        GetPromptRequestParams, GetPromptResponse, Implementation, InitializeRequestParams, InitializeResult,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
        SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use tokio::sync::OnceCell;

use crate::{front::CallerContext, problem, prompts, resources, tools, updates};

/// How long clients may cache the list of tools, in milliseconds.
const TOOLS_TTL_MS: u64 = 300_000;

const INSTRUCTIONS: &str = "Boardwire keeps Kanban boards that people and agents change at the same time.\n\
    To work: claim_next_task, do it, renew_claim well before its ttl is over, then complete_task or release_task, each with \
    the fence of the claim. LEASE_LOST means that somebody else has the task now: stop working on it.\n\
    To follow a board: get_board once, then wait_for_changes with the seq and epoch of the last answer.\n\
    Pass a requestId with changes, so that a retry has no second effect. Name fields to keep answers short. Refusals carry a \
    code; with RATE_LIMIT wait retryAfter seconds.";

/// The handler of a session or a request.
pub(crate) struct Agent {
    gate: Arc<Gate>,
    version: &'static str,
    /// Counts the session as one of its user's connections. Set once the session is initialized.
    permit: OnceCell<ConnectionPermit>,
    /// The resources that a session has subscribed to.
    updates: updates::SessionSubscriptions,
}

impl Agent {
    pub(crate) fn new(gate: Arc<Gate>, version: &'static str) -> Self {
        Self { gate, version, permit: OnceCell::new(), updates: updates::SessionSubscriptions::default() }
    }
}

/// Returns the caller, whom [`crate::front`] has identified.
fn caller_context(extensions: &Extensions) -> Result<CallerContext, ErrorData> {
    let context = extensions.get::<Parts>().and_then(|parts| parts.extensions.get::<CallerContext>());
    context.cloned().ok_or_else(|| ErrorData::internal_error("it is not known who calls", None))
}

impl ServerHandler for Agent {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_resources_subscribe()
            .enable_prompts()
            .enable_completions()
            .build();
        let implementation = Implementation::new("boardwire", self.version).with_title("Boardwire");
        ServerConfig::new(capabilities).with_server_info(implementation).with_instructions(INSTRUCTIONS)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS)
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let CallerContext { caller, address } = caller_context(&context.extensions)?;
        let admitted = self.gate.admit(caller.clone(), Charge::Request(CommandGroup::Connection)).await;
        admitted.map_err(|error| problem::protocol_error(&error))?;
        let crowded = || problem::protocol_error(&ErrorBody::new(Code::Unavailable, "too many connections"));
        let permit = self.gate.connection_permit(&caller, address).ok_or_else(crowded)?;
        // A session is initialized only once.
        let _ = self.permit.set(permit);
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let tools = ListToolsResult::with_all_items(tools::tools().to_vec());
        Ok(tools.with_ttl_ms(TOOLS_TTL_MS).with_cache_scope(CacheScope::Public))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::find(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller_context = caller_context(&context.extensions)?;
        Ok(tools::call(&self.gate, caller_context, request, &context).await?.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let boards = resources::boards(&self.gate, caller_context(&context.extensions)?.caller).await;
        Ok(ListResourcesResult::with_all_items(boards.map_err(|error| problem::protocol_error(&error))?))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let read = resources::read(&self.gate, caller_context(&context.extensions)?.caller, request.uri).await;
        Ok(read.map_err(|error| problem::protocol_error(&error))?.into())
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let caller_context = caller_context(&context.extensions)?;
        let subscribed = self.updates.subscribe(&self.gate, caller_context, &request.uri, context.peer).await;
        subscribed.map_err(|error| problem::protocol_error(&error))
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        self.updates.unsubscribe(&self.gate, &request.uri).await;
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(updates::accepted(requested))
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let caller_context = caller_context(&context.request_context().extensions)?;
        updates::listen(&self.gate, caller_context, &context).await.map_err(|error| problem::protocol_error(&error))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::prompts()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let prompt =
            prompts::get(&self.gate, caller_context(&context.extensions)?.caller, &request.name, arguments).await;
        Ok(prompt.map_err(|error| problem::protocol_error(&error))?.into())
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let completed = prompts::complete(&self.gate, caller_context(&context.extensions)?.caller, request).await;
        completed.map_err(|error| problem::protocol_error(&error))
    }
}
